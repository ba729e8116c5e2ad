import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { isTruthy } from '../graph/convert-literal.ts'
import { jobOf } from '../job-view.ts'
import { isPending, listOpen, toQueueBody } from './queue.ts'
import { memberOf, parseBody, readJsonBody, requireObject } from '../read-body.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson } from '../respond.ts'

/** The queue, stopping prompts, and making workers let go of memory. */
export function addQueueRoutes(add: AddRoute, deps: GatewayDeps): void {
  const { dispatcher, store } = deps

  add('GET', '/queue', async (c) => answerJson(toQueueBody(await listOpen(store.jobs, c.get('tenant')))))

  add('POST', '/queue', async (c) => {
    const tenant = c.get('tenant')
    const body = await readJsonBody(c)
    const isCleared = isTruthy(memberOf(body, 'clear'))
    const ids = toIds(memberOf(body, 'delete'))
    const pending = (await listOpen(store.jobs, tenant)).filter(isPending).map(jobOf)
    const jobIds = pending.filter(({ publicId }) => isCleared || ids.has(publicId)).map(({ id }) => id)
    // Told before it happens, so that the sockets do not hear of every single one.
    if (isCleared) deps.comfyNotices?.tell({ kind: 'queue-cleared', tenant, jobIds })
    for (const jobId of jobIds) await dispatcher.cancel(tenant, jobId)
    return answerEmpty()
  })

  add('POST', '/interrupt', async (c) => {
    const tenant = c.get('tenant')
    const promptId = readInterruptId(new Uint8Array(await c.req.arrayBuffer()))
    const running = (await listOpen(store.jobs, tenant)).filter((record) => !isPending(record)).map(jobOf)
    for (const { id, publicId } of running) {
      if (!isTruthy(promptId) || promptId === publicId) await dispatcher.cancel(tenant, id)
    }
    return answerEmpty()
  })

  add('POST', '/free', async (c) => {
    const body = requireObject(await readJsonBody(c), 'the body')
    const unloadModels = isTruthy(body.get('unload_models'))
    const freeCache = isTruthy(body.get('free_memory'))
    if (unloadModels || freeCache) await dispatcher.freeMemory({ unloadModels, freeCache })
    return answerEmpty()
  })
}

/**
 * The ids a body lists under `delete`. A text is taken letter by letter, as Python walks it.
 * @throws RequestFault when it cannot be walked
 */
export function toIds(value: ExactValue | undefined): ReadonlySet<ExactValue> {
  if (value === undefined) return new Set()
  if (Array.isArray(value) || typeof value === 'string') return new Set<ExactValue>(value)
  if (value instanceof Map) return new Set(value.keys())
  throw new RequestFault('delete is not a list of ids')
}

/** The prompt to stop; a body that is not JSON stops whatever runs. */
function readInterruptId(bytes: Uint8Array): ExactValue {
  let body: ExactValue
  try {
    body = parseBody(bytes)
  } catch {
    return null
  }
  return requireObject(body, 'the body').get('prompt_id') ?? null
}
