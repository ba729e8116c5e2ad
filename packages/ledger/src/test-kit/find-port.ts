import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { testProcess } from './config.ts'

/** Below the ports that systems give to outgoing connections, of which tests make thousands. */
const RANGE = { from: 15_000, to: 32_000 }
/** Parts of the range: test processes that run side by side look for ports in parts of their own. */
const PARTS = 8
const SIZE = Math.floor((RANGE.to - RANGE.from) / PARTS)

const given = new Set<number>()

/** A TCP port of the loopback address that was free a moment ago, and that this process was not given before. */
export function findPort(): Promise<number> {
  return new Promise((resolve) => {
    const port = RANGE.from + (testProcess % PARTS) * SIZE + randomInt(SIZE)
    if (given.has(port)) return resolve(findPort())
    given.add(port)
    const server = createServer()
    server.once('error', () => resolve(findPort()))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  })
}
