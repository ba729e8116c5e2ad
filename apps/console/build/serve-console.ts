import { createServer } from 'vite'
import { createSettings } from './settings.ts'

// For work on the page: Vite serves it and reloads it as its sources change, in front of a gateway that runs already.

/** Where the gateway is. */
const gateway = process.argv[2] ?? 'http://127.0.0.1:7860'

const target = { target: gateway, changeOrigin: true }
const server = await createServer({
  ...createSettings(),
  logLevel: 'info',
  server: { host: '127.0.0.1', proxy: { '/sdapi': target, '/atelier': target, '/docs': target } },
})
await server.listen()
server.printUrls()
