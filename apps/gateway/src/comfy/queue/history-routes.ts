import type { ExactValue } from '@atelier/catalog/exact-json'
import type { JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { isTruthy } from '../graph/convert-literal.ts'
import { findEnded, findInHistory, listTraced, readHistory, toHistoryEntry } from './history.ts'
import { jobOf } from '../job-view.ts'
import { toIds } from './queue-routes.ts'
import { memberOf, readJsonBody } from '../read-body.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson, pathParameter } from '../respond.ts'

/** What prompts have become of. */
export function addHistoryRoutes(add: AddRoute, deps: GatewayDeps): void {
  const { jobs } = deps.store

  add('GET', '/history', async (c) => {
    const promptId = c.req.query('prompt_id')
    if (promptId !== undefined) {
      const record = await findInHistory(jobs, c.get('tenant'), promptId)
      return answerJson(toHistoryBody(record === undefined ? [] : [record]))
    }
    const window = {
      ...readWhole('maxItems', c.req.query('max_items')),
      ...readWhole('offset', c.req.query('offset')),
    }
    return answerJson(toHistoryBody(await readHistory(jobs, c.get('tenant'), window)))
  })

  add('GET', '/history/:prompt_id', async (c) => {
    const record = await findInHistory(jobs, c.get('tenant'), pathParameter(c, 'prompt_id'))
    return answerJson(toHistoryBody(record === undefined ? [] : [record]))
  })

  add('POST', '/history', async (c) => {
    const tenant = c.get('tenant')
    const body = await readJsonBody(c)
    if (isTruthy(memberOf(body, 'clear'))) {
      await jobs.forget(tenant, (await listTraced(jobs, tenant, undefined)).map(toJobId))
    }
    const ids = [...toIds(memberOf(body, 'delete'))].filter((id) => typeof id === 'string')
    if (ids.length > 0) await jobs.forget(tenant, (await findEnded(jobs, tenant, new Set(ids))).map(toJobId))
    return answerEmpty()
  })
}

function toHistoryBody(records: readonly JobRecord[]): Map<string, ExactValue> {
  return new Map(records.map((record) => [jobOf(record).publicId, toHistoryEntry(record)]))
}

function toJobId(record: JobRecord): string {
  return jobOf(record).id
}

/** Above the number of prompts any history holds. */
const MOST = 2 ** 31 - 1

function readWhole<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, number>> {
  if (text === undefined) return {}
  if (!/^\s*[-+]?\d+(_\d+)*\s*$/.test(text)) throw new RequestFault(`${name} is no whole number`)
  // More than there can ever be means all of them.
  return { [name]: Math.min(Number(text.replaceAll('_', '')), MOST) } as Record<Name, number>
}
