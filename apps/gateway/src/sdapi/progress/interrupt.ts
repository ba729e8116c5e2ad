import type { Context } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { jsonAnswer } from '../errors.ts'
import { listRunningJobs } from './running-jobs.ts'

/** POST /sdapi/v1/interrupt: the caller's running jobs end within a step, with what they have. */
export function handleInterrupt(deps: GatewayDeps) {
  return async function interrupt(c: Context<GatewayEnv>): Promise<Response> {
    const tenant = c.get('tenant')
    for (const { job } of await listRunningJobs(deps, tenant))
      await deps.dispatcher.cancel(tenant, job?.id ?? '')
    return jsonAnswer(new Map())
  }
}

/** POST /sdapi/v1/skip: the present pass of the caller's running jobs ends, the next begins. */
export function handleSkip(deps: GatewayDeps) {
  return async function skip(c: Context<GatewayEnv>): Promise<Response> {
    const tenant = c.get('tenant')
    for (const { job } of await listRunningJobs(deps, tenant))
      await deps.dispatcher.skip(tenant, job?.id ?? '')
    return jsonAnswer(null)
  }
}
