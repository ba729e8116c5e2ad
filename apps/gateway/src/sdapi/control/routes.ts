import type { Context, Hono } from 'hono'
import { toExact, type ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { jsonAnswer, ValidationError } from '../errors.ts'
import { optionNumber, readOptions } from '../options/options-store.ts'
import { COERCIONS } from '../request/coerce.ts'
import { listControlTypes, listModels, listModules } from './control-lists.ts'
import { handleDetect } from './detect.ts'
import { handleRenderPoses } from './poses/render-poses.ts'

/** Version of the extension's API. */
const API_VERSION = 3

/** The ControlNet extension's routes. */
export function addControlRoutes(routes: Hono<GatewayEnv>, deps: GatewayDeps): void {
  routes.get('/controlnet/version', () => jsonAnswer(toExact({ version: API_VERSION })))
  routes.get('/controlnet/model_list', (c) => {
    readFlag(c, 'update')
    return jsonAnswer(listModels(deps.models))
  })
  routes.get('/controlnet/module_list', (c) =>
    jsonAnswer(
      listModules(deps.models, {
        showsLabels: readFlag(c, 'alias_names'),
        showsMissing: readFlag(c, 'unavailable'),
      }),
    ),
  )
  routes.get('/controlnet/control_types', () => jsonAnswer(listControlTypes(deps.models)))
  routes.get('/controlnet/settings', async (c) => {
    const options = await readOptions(deps.store.documents, c.get('tenant'))
    return jsonAnswer(toExact({ control_net_unit_count: optionNumber(options, 'control_net_unit_count', 3) }))
  })
  routes.post('/controlnet/detect', handleDetect(deps))
  routes.post('/controlnet/render_openpose_json', handleRenderPoses)
}

/**
 * A switch of the query.
 * @throws ValidationError for what is no boolean
 */
function readFlag(c: Context<GatewayEnv>, name: string): boolean {
  const value: ExactValue = c.req.queries(name)?.at(-1) ?? false
  const coerced = COERCIONS.boolean(value)
  if ('value' in coerced) return coerced.value === true
  throw new ValidationError(coerced.faults.map((fault) => ({ location: ['query', name], ...fault })))
}
