import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { attachSockets, type AcceptedSocket } from './sockets.ts'

/** Serves websockets for the length of a test: its port, and who was let in. */
async function serve(): Promise<{ server: Server; port: number; accepted: AcceptedSocket[] }> {
  const accepted: AcceptedSocket[] = []
  const server = createServer()
  attachSockets(server, {
    authenticate: ({ token }) => (token === 'wrong' ? { refusal: 'no' } : { tenant: 'a' }),
    cors: { origins: [] },
    onConnection(socket, owner) {
      accepted.push(owner)
      socket.close()
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { server, port: (server.address() as AddressInfo).port, accepted }
}

/** Asks for a websocket at a target, as it is written; gives the first line of the answer. */
async function upgrade(
  port: number,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`)
  // The close frame of a socket that was let in.
  socket.once('data', () => socket.end())
  return (await text(socket)).split('\r\n', 1)[0]!
}

describe('attachSockets', () => {
  it.each(['/ws?clientId=c', '/api/ws?clientId=c', 'http://elsewhere/ws?clientId=c'])(
    'lets a client in at %s',
    async (target) => {
      const { port, accepted } = await serve()
      expect(await upgrade(port, target)).toBe('HTTP/1.1 101 Switching Protocols')
      expect(accepted).toEqual([{ tenant: 'a', clientId: 'c' }])
    },
  )

  it.each([
    ['/elsewhere', '404 Not Found'],
    ['/ws?token=wrong', '401 Unauthorized'],
    ['//', '400 Bad Request'],
    ['http://[/ws', '400 Bad Request'],
  ])('refuses %s with %s', async (target, status) => {
    const { port, accepted } = await serve()
    expect(await upgrade(port, target)).toBe(`HTTP/1.1 ${status}`)
    expect(accepted).toEqual([])
  })

  it('closes what it refuses, though the client leaves its end open', async () => {
    const { port, server } = await serve()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n')
    socket.resume()
    await once(socket, 'end')
    const countConnections = () =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
    await expect.poll(countConnections).toBe(0)
  })

  it('refuses a page of another origin on a loopback address', async () => {
    const { port } = await serve()
    expect(await upgrade(port, '/ws', { origin: 'http://evil.example' })).toBe('HTTP/1.1 403 Forbidden')
  })
})
