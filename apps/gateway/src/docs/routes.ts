import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Hono } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { createOpenApi } from './openapi.ts'

const ASSETS = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** The description of every route, and a page to try them, served from this machine. */
export function createDocsRoutes(_deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  routes.get('/openapi.json', (c) => c.json(createOpenApi()))
  for (const path of ['/docs', '/redoc']) routes.get(path, (c) => c.html(PAGE))
  routes.get('/docs-assets/:name', async (c) => {
    const name = c.req.param('name')
    const type = MEDIA_TYPES[name]
    if (type === undefined) return c.notFound()
    const bytes = await readFile(join(ASSETS, name))
    return c.body(new Uint8Array(bytes), 200, {
      'content-type': type,
      'cache-control': 'public, max-age=86400',
    })
  })
  return routes
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Atelier: routes</title>
<link rel="stylesheet" href="/docs-assets/swagger-ui.css">
<div id="routes"></div>
<script src="/docs-assets/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: '/openapi.json', dom_id: '#routes' })</script>
</html>
`
