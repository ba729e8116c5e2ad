import type { Context } from 'hono'
import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { jsonAnswer, ValidationError } from '../errors.ts'
import { COERCIONS } from '../request/coerce.ts'
import { findLastJob, listRunningJobs } from './running-jobs.ts'
import { toIdleState, toRunningState, toSecondsLeft, toShare, toStateBody } from './progress-state.ts'

/** What a job that has begun shows before its first step. */
const JUST_STARTED = 0.01

/** GET /sdapi/v1/progress: the caller's job that began last. */
export function handleProgress(deps: GatewayDeps) {
  return async function progress(c: Context<GatewayEnv>): Promise<Response> {
    const skipsImage = readSwitch(c, 'skip_current_image')
    const tenant = c.get('tenant')
    const [record] = await listRunningJobs(deps, tenant)
    if (record === undefined) {
      const state = toIdleState(await findLastJob(deps, tenant))
      return jsonAnswer(toBody({ share: 0, secondsLeft: 0, state: toStateBody(state), image: null }))
    }
    const known = deps.dispatcher.progress(tenant, record.job?.id ?? '')
    const state = toRunningState(record, known)
    const share = toShare(state, JUST_STARTED)
    const preview = skipsImage ? undefined : known?.preview
    return jsonAnswer(
      toBody({
        share: Math.min(share, 1),
        secondsLeft: toSecondsLeft(deps.now() - record.startedAtMs, share),
        state: toStateBody(state),
        image: preview === undefined ? null : Buffer.from(preview.bytes).toString('base64'),
      }),
    )
  }
}

interface ProgressBody {
  readonly share: number
  readonly secondsLeft: number
  readonly state: ExactValue
  readonly image: string | null
}

function toBody({ share, secondsLeft, state, image }: ProgressBody): ExactValue {
  return new Map<string, ExactValue>([
    ['progress', share],
    ['eta_relative', secondsLeft],
    ['state', state],
    ['current_image', image],
    ['textinfo', null],
  ])
}

function readSwitch(c: Context<GatewayEnv>, name: string): boolean {
  // The last of several counts.
  const text = c.req.queries(name)?.at(-1)
  if (text === undefined) return false
  const coerced = COERCIONS.boolean(text)
  if ('value' in coerced) return coerced.value === true
  throw new ValidationError(coerced.faults.map((fault) => ({ ...fault, location: ['query', name] })))
}
