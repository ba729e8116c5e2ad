import { AtelierError } from '@atelier/ledger'
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { createComfyRoutes } from './comfy/routes.ts'
import { answerComfyBodyTooLarge, answerComfyFault, answerComfyUnknown } from './comfy/errors.ts'
import { serveFrontEnd } from './comfy/front-end.ts'
import { createClusterRoutes, SESSION_PATH } from './cluster/routes.ts'
import { createConsoleRoutes, isConsolePath } from './console/routes.ts'
import type { GatewayDeps, GatewayEnv } from './deps.ts'
import { createDocsRoutes } from './docs/routes.ts'
import type { Authenticator } from './middleware/authenticate.ts'
import { comfyOrigin } from './middleware/comfy-origin.ts'
import { corsWebui, parseCorsOptions } from './middleware/cors-webui.ts'
import { limitBody } from './middleware/limit-body.ts'
import { refuseCrossSite } from './middleware/refuse-cross-site.ts'
import { traceRequests } from './middleware/trace-requests.ts'
import { createRouteTable } from './middleware/route-table.ts'
import { gzipLargeBodies, processTime } from './middleware/webui-envelope.ts'
import { createSdapiRoutes } from './sdapi/routes.ts'
import { answerSdapiError, answerSdapiUnknown, answerSdapiUnauthorized } from './sdapi/errors.ts'
import { answerJobFault, createJobRoutes } from './jobs/routes.ts'
import { welcomePage } from './welcome-page.ts'

/** Which port an app answers; decides `/`, unknown paths, CORS and the words of refusals. */
export type PortSurface = GatewayEnv['Variables']['surface']

/** Paths that A1111 leaves open when --api-auth is set, and one of ours: they tell of no job, picture or file. */
const OPEN_PATHS = [
  '/',
  '/docs',
  '/openapi.json',
  '/app_id',
  '/internal/ping',
  '/internal/progress',
  '/controlnet/version',
  SESSION_PATH,
]
/** Paths that A1111 leaves open then, though they tell names of files. With API keys, which it does not have, they are not. */
const OPEN_WITHOUT_KEYS = ['/sdapi/v1/loras', '/sdapi/v1/refresh-loras']

/** Largest body of who has no credentials, bytes: open paths take a task's id at most. */
const OPEN_BODY_BYTES = 64 * 1024
const SDAPI_PATH = /^\/(sdapi|internal|controlnet)\//

/** What an app is built from. */
export interface AppOptions {
  readonly deps: GatewayDeps
  readonly surface: PortSurface
  readonly authenticate: Authenticator
  /** Outermost middleware that measures; absent in tests. */
  readonly timeRequests?: MiddlewareHandler<GatewayEnv>
}

/** Builds the whole HTTP application of one port. Opens nothing and reads no environment. */
export function createApp(options: AppOptions): Hono<GatewayEnv> {
  const { deps, surface } = options
  const app = new Hono<GatewayEnv>()
  const frontEnd = surface === 'comfy' ? deps.config.ATELIER_FRONT_END_ROOT : undefined
  addEnvelope(app, options)
  // Requests come when all routes are there.
  const isRoute = ({ req }: Context<GatewayEnv>) =>
    routes.allowedMethods(req.path).includes(req.method === 'HEAD' ? 'GET' : req.method)
  app.use(identify(options, { frontEnd, isRoute }))
  // Only now, for what does not say its length is read to be counted.
  app.use(
    limitBody({ maxSizeFor: (c) => chooseLimit(c, options, isRoute), onError: answerComfyBodyTooLarge }),
  )
  addRoutes(app, options, frontEnd)
  const routes = createRouteTable(app)
  // What fails on the way to a surface, such as a body that breaks off while it is counted.
  app.onError((error, c) => {
    deps.logger.warn({ err: error, path: c.req.path }, 'a request failed before anything read it')
    return c.text('Internal Server Error', 500)
  })
  const answerUnknown = surface === 'sdapi' ? answerSdapiUnknown : answerComfyUnknown
  app.notFound((c) => answerUnknown(c, routes.allowedMethods(c.req.path), routes))
  return app
}

/** What every request passes, outermost first. */
function addEnvelope(app: Hono<GatewayEnv>, { deps, surface, timeRequests }: AppOptions): void {
  const { config } = deps
  const cors = parseCorsOptions(config.ATELIER_CORS_ALLOW_ORIGINS, config.ATELIER_CORS_ALLOW_ORIGINS_REGEX)
  app.use(async function markSurface(c, next) {
    c.set('surface', surface)
    c.set('tenant', '')
    await next()
  })
  app.use(traceRequests())
  if (timeRequests !== undefined) app.use(timeRequests)
  if (surface === 'sdapi') app.use(processTime(), corsWebui(cors), gzipLargeBodies())
  else app.use(comfyOrigin(cors))
  app.use(refuseCrossSite(cors))
}

/** The most that a request may bring, bytes; undefined where nobody reads what it brings. */
function chooseLimit(
  c: Context<GatewayEnv>,
  { deps }: AppOptions,
  isRoute: KnownPaths['isRoute'],
): number | undefined {
  if (!isRoute(c)) return undefined
  return c.get('tenant') === '' ? OPEN_BODY_BYTES : deps.config.ATELIER_MAX_BODY_MB * 1024 * 1024
}

interface KnownPaths {
  /** Folder of ComfyUI's front end, where it is served. */
  readonly frontEnd: string | undefined
  /** Whether a request is for a path and method that there is. */
  readonly isRoute: (c: Context<GatewayEnv>) => boolean
}

/** Finds out whose request it is, and refuses those of nobody on paths that are not open to everyone. */
function identify(
  { deps, authenticate }: AppOptions,
  { frontEnd, isRoute }: KnownPaths,
): MiddlewareHandler<GatewayEnv> {
  const hasKeys = deps.config.ATELIER_API_KEYS !== undefined
  const openPaths = new Set(hasKeys ? OPEN_PATHS : [...OPEN_PATHS, ...OPEN_WITHOUT_KEYS])
  const isOpen = (path: string) =>
    isConsolePath(path) || (openPaths.has(path) && !(path === '/' && frontEnd !== undefined))
  return async function identifyCaller(c, next) {
    if (!isRoute(c)) return next()
    const identity = authenticate(credentialsOf(c))
    if ('tenant' in identity) {
      c.set('tenant', identity.tenant)
      const outage = isOpen(c.req.path) ? undefined : deps.findOutage?.()
      if (outage !== undefined) return answerOutage(c, outage, deps)
    } else if (!isOpen(c.req.path)) {
      const refusal = answerSdapiUnauthorized(c, identity.refusal)
      // A browser that is to show the front end asks for the password, and sends it with everything.
      if (frontEnd !== undefined) refusal.headers.set('www-authenticate', 'Basic')
      return refusal
    }
    return next()
  }
}

/** The routes of both surfaces, the port's own first, and those of the page. */
function addRoutes(app: Hono<GatewayEnv>, { deps, surface }: AppOptions, frontEnd: string | undefined): void {
  if (deps.console !== undefined)
    app.route('/', createConsoleRoutes(deps.console, { isRoot: frontEnd === undefined }))
  else if (frontEnd === undefined) app.get('/', (c) => c.html(welcomePage(surface)))
  const surfaces = [createSdapiRoutes(deps), createComfyRoutes(deps)]
  for (const routes of surface === 'sdapi' ? surfaces : surfaces.reverse()) app.route('/', routes)
  app.route('/', createJobRoutes(deps))
  app.route('/', createClusterRoutes(deps))
  app.route('/', createDocsRoutes(deps))
  if (frontEnd !== undefined) app.get('/*', serveFrontEnd(frontEnd))
}

/** The answer to a request that needs the ledger before it is there, as the surface of its route answers faults. */
function answerOutage({ req }: Context<GatewayEnv>, outage: string, deps: GatewayDeps): Response {
  const error = new AtelierError('unavailable', outage)
  if (SDAPI_PATH.test(req.path)) return answerSdapiError(error)
  return req.path.startsWith('/atelier/') ? answerJobFault(deps, error) : answerComfyFault(error, deps.logger)
}

/** The credentials of a request. */
function credentialsOf(c: Context<GatewayEnv>): Parameters<Authenticator>[0] {
  return {
    authorization: c.req.header('authorization'),
    apiKey: c.req.header('x-api-key'),
    token: c.req.query('token'),
  }
}
