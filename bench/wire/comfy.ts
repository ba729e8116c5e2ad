/**
 * Replays the recordings of ComfyUI against the gateway in this process, whose worker does what the recorded one did:
 * `npx tsx bench/wire/comfy.ts`. What needs a real engine is left to `comfy-engine.ts`.
 */
import { readFileSync } from 'node:fs'
import { NODE_DEFINITIONS, findNodeDefinition } from '@atelier/catalog/nodes'
import { parseRecorded, type Exchange } from '../../apps/gateway/src/comfy/test-kit/exchange.ts'
import { findDifference } from '../../apps/gateway/src/comfy/test-kit/match-recorded.ts'
import { playScenario } from '../../apps/gateway/src/comfy/test-kit/play-scenario.ts'
import { prepareRecorded, prepareRoutes } from '../../apps/gateway/src/comfy/test-kit/recorded-world.ts'
import { replayExchanges } from '../../apps/gateway/src/comfy/test-kit/replay-exchanges.ts'
import type { Scenario } from '../../apps/gateway/src/comfy/test-kit/socket-scenario.ts'
import { openTestGateway } from '../../apps/gateway/src/comfy/test-kit/test-gateway.ts'
import { findFixtures } from '../parity/report.ts'
import { DELIBERATE, missingClasses } from './comfy-scope.ts'
import { reportWire, type WireVerdict } from './wire-report.ts'

/** Recordings of what nodes compute, and of whole sessions: they need an engine. */
const ENGINE_FILES = ['caching.jsonl', 'order.jsonl', 'files.jsonl', 'nodes.jsonl', 'script_examples.jsonl']

async function main(): Promise<void> {
  const fixtures = findFixtures()
  if (fixtures === undefined) return
  const folder = `${fixtures}comfy-wire/`
  const read = <T>(name: string): T[] =>
    readFileSync(folder + name, 'utf8')
      .trim()
      .split('\n')
      .map((line) => parseRecorded(line) as T)
  const recorded = parseRecorded(readFileSync(`${folder}object_info.json`, 'utf8')) as Record<string, unknown>
  const original = new Set(Object.keys(recorded))

  const verdicts: WireVerdict[] = [
    ...(await compareObjectInfo(recorded)),
    ...(await compareOneByOne(read<Exchange>('object_info_one.jsonl'))),
    ...(await comparePrompts(read('prompt_ok.jsonl'), read('prompt_errors.jsonl'), original)),
    ...(await compareExchanges('control.jsonl', read('control.jsonl'), original)),
    ...(await compareExchanges('upload.jsonl', read('upload.jsonl'), original)),
    ...(await compareRoutes(read('routes.jsonl'), original)),
    ...(await compareScenarios(read('ws.jsonl'), original)),
    ...(await compareFrontEnd(read('frontend_boot.jsonl'))),
    ...read<Exchange>('routes_switches.jsonl').map(({ name }) => ({
      file: 'routes_switches.jsonl',
      name,
      notYet: 'needs command-line switches of the original',
    })),
    ...ENGINE_FILES.flatMap((file) =>
      read(file).map((_, n) => ({ file, name: `row ${n + 1}`, notYet: 'needs an engine (comfy-engine.ts)' })),
    ),
  ]
  process.exitCode = reportWire('comfy', 'ComfyUI 0.3.64: recordings replayed against the gateway', verdicts)
    ? 0
    : 1
}

async function compareObjectInfo(recorded: Record<string, unknown>): Promise<WireVerdict[]> {
  const gateway = await openTestGateway()
  await prepareRecorded(gateway)
  const answer = await gateway.request('GET', '/object_info')
  const actual = parseRecorded(await answer.text()) as Record<string, unknown>
  await gateway.close()
  return Object.keys(recorded).map((name) => {
    const row = { file: 'object_info.json', name }
    if (findNodeDefinition(name) === undefined) return { ...row, notYet: 'classes that are not served' }
    return withDifference(row, findDifference(actual[name], recorded[name], new Map()))
  })
}

async function compareOneByOne(exchanges: readonly Exchange[]): Promise<WireVerdict[]> {
  const verdicts = await replayExchanges(exchanges, prepareRecorded)
  return verdicts.map(({ name, difference }, index) => {
    const className = exchanges[index]?.request.path.split('/').at(-1) ?? ''
    const isServed = NODE_DEFINITIONS.some((definition) => definition.className === className)
    const isKnown = Object.keys(exchanges[index]?.response.json ?? {}).length > 0
    const row = { file: 'object_info_one.jsonl', name }
    return isKnown && !isServed
      ? { ...row, notYet: 'classes that are not served' }
      : withDifference(row, difference)
  })
}

/** Both files were recorded one after the other on one server. */
async function comparePrompts(
  accepted: readonly Exchange[],
  rejected: readonly Exchange[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const all = [...accepted, ...rejected]
  const verdicts = await replayExchanges(all, prepareRecorded)
  const reasons = listReasons(all, original)
  return verdicts.map(({ name, difference }, index) => {
    const file = index < accepted.length ? 'prompt_ok.jsonl' : 'prompt_errors.jsonl'
    const reason = reasons[index]
    return reason === undefined
      ? withDifference({ file, name }, difference)
      : { file, name, notYet: 'classes that are not served' }
  })
}

/** A history goes with the prompt before it. */
function listReasons(exchanges: readonly Exchange[], original: ReadonlySet<string>): (string | undefined)[] {
  let latest: string | undefined
  return exchanges.map(({ request, name }) => {
    const prompt = (request.json as { prompt?: unknown } | null | undefined)?.prompt
    if (!name.includes(':')) latest = missingClasses(prompt, original)
    return latest
  })
}

async function compareExchanges(
  file: string,
  exchanges: readonly Exchange[],
  original: ReadonlySet<string>,
  prepare = prepareRecorded,
): Promise<WireVerdict[]> {
  const verdicts = await replayExchanges(exchanges, prepare)
  const reasons = listReasons(exchanges, original)
  return verdicts.map(({ name, difference }, index) =>
    reasons[index] === undefined
      ? withDifference({ file, name }, difference)
      : { file, name, notYet: 'classes that are not served' },
  )
}

async function compareRoutes(
  rows: readonly Exchange[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const file = 'routes.jsonl'
  const isHttp = ({ name, request }: Exchange) => request !== undefined && !name.startsWith('ws_upgrade')
  const exchanges = rows.filter(isHttp)
  const others = rows.filter((row) => !isHttp(row))
  return [
    ...(await compareExchanges(file, exchanges, original, prepareRoutes(exchanges))),
    ...others.map(({ name }) => ({ file, name, notYet: 'upgrades and files on disk need a whole server' })),
  ]
}

async function compareScenarios(
  scenarios: readonly Scenario[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  for (const scenario of scenarios) {
    const row = { file: 'ws.jsonl', name: scenario.name }
    const prompts = scenario.steps.map(
      ({ body }) => (body as { prompt?: unknown } | null | undefined)?.prompt,
    )
    if (prompts.some((prompt) => missingClasses(prompt, original) !== undefined)) {
      verdicts.push({ ...row, notYet: 'classes that are not served' })
      continue
    }
    const differences = await playScenario(scenario, prepareRecorded)
    verdicts.push(withDifference(row, differences[0]))
  }
  return verdicts
}

interface FrontEndRow {
  readonly seq: number
  readonly phase: string
  readonly kind: string
  readonly method?: string
  readonly path?: string
  readonly status?: number
}

/** Whatever the official front end asks of the API while it starts is answered with the same status. */
async function compareFrontEnd(rows: readonly FrontEndRow[]): Promise<WireVerdict[]> {
  const gateway = await openTestGateway()
  await prepareRecorded(gateway)
  const verdicts: WireVerdict[] = []
  for (const { seq, phase, kind, method = 'GET', path = '', status } of rows) {
    const row = { file: 'frontend_boot.jsonl', name: `${seq} ${method} ${path}` }
    const isBoot = kind === 'http' && phase === 'first_boot' && method === 'GET' && path.startsWith('/api/')
    if (!isBoot) {
      verdicts.push({ ...row, notYet: 'files of the front end, and runs of its default graph' })
      continue
    }
    const answer = await gateway.request(method, path)
    const difference = answer.status === status ? undefined : `status ${answer.status}, recorded ${status}`
    verdicts.push(withDifference(row, difference))
  }
  await gateway.close()
  return verdicts
}

function withDifference(row: { file: string; name: string }, difference: string | undefined): WireVerdict {
  if (difference === undefined) return row
  const deliberate = DELIBERATE[row.name]
  return deliberate === undefined
    ? { ...row, difference }
    : { ...row, notYet: `different on purpose: ${deliberate}` }
}

await main()
