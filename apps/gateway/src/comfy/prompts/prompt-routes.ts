import { toExact, type ExactValue } from '@atelier/catalog/exact-json'
import { findNodeDefinition, NODE_DEFINITIONS } from '@atelier/catalog/nodes'
import type { GatewayDeps } from '../../deps.ts'
import { prefersAddress } from '../../jobs/job-address.ts'
import type { AddRoute } from '../add-route.ts'
import { readChoiceLists } from './choice-lists.ts'
import { toObjectInfo } from './object-info.ts'
import { countOpen } from '../queue/queue.ts'
import { answerJson, answerPlainJson, pathParameter } from '../respond.ts'
import { submitPrompt } from './submit-prompt.ts'

/** Submitting prompts, and what prompts can be made of. */
export function addPromptRoutes(add: AddRoute, deps: GatewayDeps): void {
  const readLists = (tenant: string) => readChoiceLists(deps, tenant, true)

  add('GET', '/prompt', async (c) => {
    const remaining = await countOpen(deps.store.jobs, c.get('tenant'))
    return answerPlainJson({ exec_info: { queue_remaining: remaining } })
  })
  add('POST', '/prompt', async (c) =>
    submitPrompt(deps, {
      tenant: c.get('tenant'),
      bytes: new Uint8Array(await c.req.arrayBuffer()),
      key: c.req.header('idempotency-key'),
      prefersAddress: prefersAddress(c),
    }),
  )
  add('GET', '/object_info', async (c) => {
    const lists = await readLists(c.get('tenant'))
    const entries = NODE_DEFINITIONS.map((definition): [string, ExactValue] => [
      definition.className,
      toObjectInfo(definition, lists),
    ])
    return answerJson(new Map(entries))
  })
  add('GET', '/object_info/:class', async (c) => {
    const definition = findNodeDefinition(pathParameter(c, 'class'))
    if (definition === undefined) return answerJson(toExact({}))
    const lists = await readLists(c.get('tenant'))
    return answerJson(new Map([[definition.className, toObjectInfo(definition, lists)]]))
  })
}
