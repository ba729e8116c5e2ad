import type { ModelList, Session, WorkerList } from '@atelier/catalog/atelier-api'
import { Hono } from 'hono'
import type { GatewayConfig } from '../config.ts'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { VERSION } from '../docs/version.ts'
import { describeModels, describeWorker } from './describe-cluster.ts'

/** Who asks, and what requests must carry; answered to everyone. */
export const SESSION_PATH = '/atelier/v1/session'

const NOT_KEPT = { 'cache-control': 'no-store' }

/** What a page that shows the cluster asks for: workers, models, and who it talks for. They are the same for every tenant. */
export function createClusterRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  routes.get('/atelier/v1/workers', (c) =>
    c.json({ workers: deps.models.workers().map(describeWorker) } satisfies WorkerList, 200, NOT_KEPT),
  )
  routes.get('/atelier/v1/models', (c) =>
    c.json({ models: describeModels(deps.models) } satisfies ModelList, 200, NOT_KEPT),
  )
  routes.get(SESSION_PATH, (c) => {
    const tenant = c.get('tenant')
    const session: Session = {
      authentication: authenticationOf(deps.config),
      tenant: tenant === '' ? null : tenant,
      version: VERSION,
    }
    return c.json(session, 200, NOT_KEPT)
  })
  return routes
}

function authenticationOf(config: GatewayConfig): Session['authentication'] {
  if (config.ATELIER_API_KEYS !== undefined) return 'key'
  return config.ATELIER_API_AUTH === undefined ? 'none' : 'password'
}
