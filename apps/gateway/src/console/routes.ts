import { Hono, type Context } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { ASSETS_FOLDER, INDEX, type ConsoleFile, type ConsoleFiles } from './console-files.ts'

/** Where the page is on every port; on a port whose `/` is nobody else's it is there too. */
export const CONSOLE_PATH = '/console'

/**
 * The page runs its own script and style and talks to where it came from, nothing else. Pictures are made of bytes
 * (blob) and of what is dropped on it (data).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
}
const ASSET_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'public, max-age=31536000, immutable',
}

/** Whether a path is the page's: it holds no job and no picture, and asks for a key itself. */
export function isConsolePath(path: string): boolean {
  return path === CONSOLE_PATH || path.startsWith(`/${ASSETS_FOLDER}/`)
}

/** Serves the built web page at `/console`, its files below, and at `/` where that is free. */
export function createConsoleRoutes(files: ConsoleFiles, { isRoot }: { isRoot: boolean }): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  const sendPage = (c: Context<GatewayEnv>) => send(c, files.get(INDEX), PAGE_HEADERS)
  for (const path of isRoot ? ['/', CONSOLE_PATH] : [CONSOLE_PATH]) routes.get(path, sendPage)
  routes.get(`/${ASSETS_FOLDER}/:name`, (c) =>
    send(c, files.get(`${ASSETS_FOLDER}/${c.req.param('name')}`), ASSET_HEADERS),
  )
  return routes
}

function send(
  c: Context<GatewayEnv>,
  file: ConsoleFile | undefined,
  headers: Readonly<Record<string, string>>,
): Response | Promise<Response> {
  if (file === undefined) return c.text('Not Found', 404, { 'cache-control': 'no-store' })
  // Weak: the same page may go out compressed.
  const validated = { ...headers, etag: `W/${file.etag}` }
  if (c.req.header('if-none-match')?.includes(file.etag) === true) return c.body(null, 304, validated)
  return c.body(file.bytes, 200, { ...validated, 'content-type': file.mediaType })
}
