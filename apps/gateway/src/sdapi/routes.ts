import { Hono } from 'hono'
import { toExact } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { addControlRoutes } from './control/routes.ts'
import { answerSdapiError, ApiError, jsonAnswer } from './errors.ts'
import { handleExtras } from './extras/handle-extras.ts'
import { handleGeneration } from './generation/generate.ts'
import { handleInterrupt, handleSkip } from './progress/interrupt.ts'
import { listFlags } from './lists/list-flags.ts'
import { LISTS } from './lists/lists.ts'
import { handleChangeOptions, handleReadOptions } from './options/handle-options.ts'
import { OPTION_DEFAULTS } from './options/options.data.ts'
import { NOT_BUILT_ROUTES } from './not-built.ts'
import { handlePngInfo } from './png-info.ts'
import { handleProgress } from './progress/handle-progress.ts'
import { handleTaskProgress } from './progress/handle-task-progress.ts'
import { listQueuedJobs } from './progress/running-jobs.ts'
import { describeMemory } from './system.ts'

/** Routes that answer null and have nothing to do here: workers look at their folders by themselves. */
const NULL_ROUTES = ['refresh-checkpoints', 'refresh-vae', 'refresh-embeddings', 'refresh-loras']
/** What the page's clients take for a changed server when it changes. */
const APP_ID = 1

/** The WebUI API's routes. */
export function createSdapiRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  routes.onError((error, c) => {
    const answer = answerSdapiError(error)
    // Errors raised on purpose are answers like any other to what wraps the routes.
    if (error instanceof ApiError && error.body.kind === 'http') c.error = undefined
    if (answer.status >= 500) deps.logger.warn({ err: error, path: c.req.path }, 'a WebUI request failed')
    return answer
  })
  // The original has no routes for HEAD: known paths are refused with their method, others are unknown.
  for (const path of ['/sdapi/*', '/internal/*', '/controlnet/*'])
    routes.use(path, async (c, next) => (c.req.method === 'HEAD' ? c.notFound() : next()))
  routes.post('/sdapi/v1/txt2img', handleGeneration(deps, 'txt2img'))
  routes.post('/sdapi/v1/img2img', handleGeneration(deps, 'img2img'))
  routes.get('/sdapi/v1/progress', handleProgress(deps))
  routes.post('/sdapi/v1/interrupt', handleInterrupt(deps))
  routes.post('/sdapi/v1/skip', handleSkip(deps))
  routes.get('/sdapi/v1/options', handleReadOptions(deps))
  routes.post('/sdapi/v1/options', handleChangeOptions(deps))
  routes.post('/sdapi/v1/png-info', handlePngInfo(deps))
  routes.get('/sdapi/v1/memory', () => jsonAnswer(describeMemory(deps.models)))
  routes.get('/sdapi/v1/cmd-flags', () => jsonAnswer(listFlags(deps.config)))
  for (const [name, list] of Object.entries(LISTS)) {
    routes.get(`/sdapi/v1/${name}`, async (c) => jsonAnswer(await list(deps, c.get('tenant'))))
  }
  for (const name of NULL_ROUTES) routes.post(`/sdapi/v1/${name}`, () => jsonAnswer(null))
  for (const name of ['unload-checkpoint', 'reload-checkpoint']) {
    routes.post(`/sdapi/v1/${name}`, async () => {
      if (name === 'unload-checkpoint')
        await deps.dispatcher.freeMemory({ unloadModels: true, freeCache: false })
      return jsonAnswer(new Map())
    })
  }
  for (const name of ['extra-single-image', 'extra-batch-images'] as const)
    routes.post(`/sdapi/v1/${name}`, handleExtras(deps, name))
  for (const [path, handle] of Object.entries(NOT_BUILT_ROUTES)) routes.post(path, handle)
  addInternalRoutes(routes, deps)
  addControlRoutes(routes, deps)
  return routes
}

function addInternalRoutes(routes: Hono<GatewayEnv>, deps: GatewayDeps): void {
  routes.get('/internal/ping', () => jsonAnswer(new Map()))
  routes.post('/internal/progress', handleTaskProgress(deps))
  routes.get('/internal/pending-tasks', async (c) => {
    const tasks = (await listQueuedJobs(deps, c.get('tenant'))).map(({ job }) => job?.publicId ?? '')
    return jsonAnswer(toExact({ size: tasks.length, tasks }))
  })
  routes.get('/internal/quicksettings-hint', () =>
    jsonAnswer([...OPTION_DEFAULTS.keys()].map((name) => toExact({ name, label: name }))),
  )
  for (const path of ['/app_id', '/app_id/']) routes.get(path, () => jsonAnswer(toExact({ app_id: APP_ID })))
}
