import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ports that systems give to outgoing connections, of which tests make thousands. */
const RANGE = { from: 15_000, to: 32_000 }

/** A TCP port of the loopback address that was free a moment ago. */
export function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const port = randomInt(RANGE.from, RANGE.to)
    const server = createServer()
    server.once('error', () => resolve(findPort()))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  })
}
