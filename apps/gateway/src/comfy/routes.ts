import { Hono } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { createBareRouteAdder, createRouteAdder } from './add-route.ts'
import { answerComfyFault } from './errors.ts'
import { addHistoryRoutes } from './queue/history-routes.ts'
import { addInfoRoutes } from './info/info-routes.ts'
import { addInternalRoutes } from './info/internal-routes.ts'
import { addJobListRoutes } from './queue/job-list-routes.ts'
import { addModelRoutes } from './info/model-routes.ts'
import { addPromptRoutes } from './prompts/prompt-routes.ts'
import { addQueueRoutes } from './queue/queue-routes.ts'
import { addSettingsRoutes } from './info/settings-routes.ts'
import { addUploadRoutes } from './files/upload-routes.ts'
import { addUserdataRoutes } from './files/userdata-routes.ts'
import { addViewRoutes } from './files/view-routes.ts'

/** ComfyUI's HTTP routes, each bare and below `/api`; faults are answered in aiohttp's words. */
export function createComfyRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>()
  const add = createRouteAdder(app)
  addPromptRoutes(add, deps)
  addQueueRoutes(add, deps)
  addHistoryRoutes(add, deps)
  addViewRoutes(add, deps)
  addUploadRoutes(add, deps)
  addModelRoutes(add, deps)
  addInfoRoutes(add, deps)
  addSettingsRoutes(add, deps)
  addUserdataRoutes(add, deps)
  const addBare = createBareRouteAdder(app)
  addInternalRoutes(addBare, deps)
  addJobListRoutes(addBare, deps)
  app.onError((error) => answerComfyFault(error, deps.logger))
  return app
}
