/**
 * Replays the recordings of ComfyUI that need a real engine against servers of their own, or against a running one:
 * `npx tsx bench/wire/comfy-engine.ts [file ...] [--url http://127.0.0.1:8188]`.
 */
import { readFileSync } from 'node:fs'
import { findNodeDefinition } from '@atelier/catalog/nodes'
import {
  compareAnswer,
  parseRecorded,
  sendRecorded,
  type Exchange,
} from '../../apps/gateway/src/comfy/test-kit/exchange.ts'
import type { Bindings } from '../../apps/gateway/src/comfy/test-kit/match-recorded.ts'
import { readRecordedInput } from '../../apps/gateway/src/comfy/test-kit/recorded-world.ts'
import { formatExactJson, isExactObject, parseExactJson } from '@atelier/catalog/exact-json'
import { toSettings } from '../../apps/gateway/src/comfy/test-kit/play-scenario.ts'
import { ScenarioPlayer } from '../../apps/gateway/src/comfy/test-kit/scenario-player.ts'
import type { Scenario } from '../../apps/gateway/src/comfy/test-kit/socket-scenario.ts'
import { findFixtures } from '../parity/report.ts'
import { compareNodes } from './comfy-nodes.ts'
import {
  compareCaching,
  compareFiles,
  compareOrder,
  type CachingRow,
  type FileRow,
  type OrderRow,
} from './comfy-runs.ts'
import { DELIBERATE, missingClasses } from './comfy-scope.ts'
import { joinServer, startServer, type RunningServer } from './running-server.ts'
import { reportWire, type WireVerdict } from './wire-report.ts'

const FILES = [
  'control.jsonl',
  'prompt_ok.jsonl',
  'upload.jsonl',
  'order.jsonl',
  'caching.jsonl',
  'files.jsonl',
  'ws.jsonl',
  'nodes.jsonl',
]

async function main(): Promise<void> {
  const fixtures = findFixtures()
  if (fixtures === undefined) return
  const folder = `${fixtures}comfy-wire/`
  const urlAt = process.argv.indexOf('--url')
  const url = urlAt < 0 ? undefined : process.argv[urlAt + 1]
  const wanted = process.argv.slice(2).filter((name) => name.endsWith('.jsonl'))
  const original = new Set(
    Object.keys(JSON.parse(readFileSync(`${folder}object_info.json`, 'utf8')) as object),
  )
  const read = <T>(name: string): T[] =>
    readFileSync(folder + name, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T)
  const readExchanges = (name: string): Exchange[] =>
    readFileSync(folder + name, 'utf8')
      .trim()
      .split('\n')
      .map((line) => parseRecorded(line) as Exchange)
  const withServer = async (
    settings: Record<string, string>,
    use: (server: RunningServer) => Promise<WireVerdict[]>,
  ) => {
    const server = url === undefined ? await startServer(fixtures, settings) : joinServer(url)
    try {
      return await use(server)
    } finally {
      await server.stop()
    }
  }

  const verdicts: WireVerdict[] = []
  for (const file of wanted.length === 0 ? FILES : wanted) {
    if (file === 'order.jsonl')
      verdicts.push(
        ...(await withServer({}, (server) => compareOrder(server, read<OrderRow>(file), original))),
      )
    if (file === 'caching.jsonl')
      for (const rows of groupByServer(read<CachingRow>(file)))
        verdicts.push(
          ...(await withServer(settingsOf(rows), (server) => compareCaching(server, rows, original))),
        )
    if (file === 'files.jsonl')
      for (const rows of groupByServer(readFileRows(folder + file)))
        verdicts.push(
          ...(await withServer(settingsOf(rows), (server) => compareFiles(server, rows, original))),
        )
    if (file === 'nodes.jsonl') verdicts.push(...(await compareNodes(folder)))
    if (['prompt_ok.jsonl', 'upload.jsonl', 'control.jsonl'].includes(file))
      verdicts.push(
        ...(await withServer({}, (server) => compareExchanges(server, file, readExchanges(file), original))),
      )
    if (file !== 'ws.jsonl') continue
    for (const scenarios of groupByServer(read<Scenario>(file))) {
      verdicts.push(
        ...(await withServer(settingsOf(scenarios), (server) =>
          compareScenarios(server, scenarios, original),
        )),
      )
    }
  }
  process.exitCode = reportWire(
    'comfy-engine',
    'ComfyUI 0.3.64: recordings replayed against the engine',
    verdicts,
  )
    ? 0
    : 1
}

/** Rows of files.jsonl with their prompts as text, for JSON.parse puts number-like names first. */
function readFileRows(path: string): FileRow[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const exact = parseExactJson(line)
      const prompt = isExactObject(exact) ? exact.get('prompt') : undefined
      return { ...(JSON.parse(line) as FileRow), promptJson: formatExactJson(prompt ?? null) }
    })
}

interface OnServer {
  readonly server_args?: readonly string[]
}

/** Rows of the same command line were recorded one after the other on one server. */
function groupByServer<T extends OnServer>(rows: readonly T[]): T[][] {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const key = (row.server_args ?? []).join(' ')
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

function settingsOf(rows: readonly OnServer[]): Record<string, string> {
  return toSettings(rows[0]?.server_args ?? [])
}

/** Prompts and their histories, or uploads, one after the other on one server. */
async function compareExchanges(
  server: RunningServer,
  file: string,
  exchanges: readonly Exchange[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  const bindings: Bindings = new Map()
  const send = (path: string, init: RequestInit) => fetch(server.url + path, init)
  let missing: string | undefined
  for (const exchange of exchanges) {
    const row = { file, name: exchange.name }
    const { prompt } = (exchange.request.json ?? {}) as { prompt?: unknown }
    if (!exchange.name.includes(':')) missing = missingClasses(prompt, original)
    const answer = await sendRecorded(send, exchange, bindings, readRecordedInput)
    const recorded = JSON.parse(blankCounters(JSON.stringify(exchange))) as Exchange
    const text = new Response(blankCounters(await answer.clone().text()), answer)
    const isBinary = exchange.response.binary !== undefined
    const difference = await compareAnswer(isBinary ? answer : text, recorded, bindings)
    await waitAsRecorded(server, exchange)
    if (missing !== undefined) verdicts.push({ ...row, notYet: 'classes that are not served' })
    else if (difference !== undefined && /^history_slow/.test(exchange.name))
      verdicts.push({ ...row, notYet: 'which node an interrupt hits depends on the moment' })
    else if (difference !== undefined && exchange.name === 'own_prompt_id_again:history')
      verdicts.push({ ...row, notYet: 'the recorder asked before the prompt had ended' })
    else if (difference !== undefined && /messages\[1\]\[1\]\.nodes/.test(difference))
      verdicts.push({ ...row, notYet: 'what is cached depends on prompts that are not replayed' })
    else if (difference !== undefined && DELIBERATE[exchange.name] !== undefined)
      verdicts.push({ ...row, notYet: `different on purpose: ${DELIBERATE[exchange.name]}` })
    else verdicts.push(difference === undefined ? row : { ...row, difference })
  }
  return verdicts
}

/** The recorder waited for every prompt to end, but for the slow ones: those it only saw begin. */
async function waitAsRecorded(server: RunningServer, exchange: Exchange): Promise<void> {
  const slow =
    /^(submit_slow|submit_[0-9]|submit_front|submit_number|submit_p2?$|prompt_(busy|still)|queue_|interrupt_other)/
  if (!slow.test(exchange.name)) return server.settle()
  if (!exchange.name.startsWith('submit_slow')) return
  for (;;) {
    const queue = (await (await server.request('GET', '/queue')).json()) as { queue_running: unknown[] }
    if (queue.queue_running.length > 0) return
  }
}

async function compareScenarios(
  server: RunningServer,
  scenarios: readonly Scenario[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  // What is cached depends on the prompt before: where that one could not be replayed, neither can the next.
  let isCacheRight = true
  for (const scenario of scenarios) {
    const row = { file: 'ws.jsonl', name: scenario.name }
    const prompts = scenario.steps.map(
      ({ body }) => (body as { prompt?: unknown } | null | undefined)?.prompt,
    )
    const missing = prompts
      .map((prompt) => missingClasses(prompt, original))
      .find((reason) => reason !== undefined)
    if (missing !== undefined) {
      verdicts.push({ ...row, notYet: 'classes that are not served' })
      isCacheRight = false
      continue
    }
    const differences = await new ScenarioPlayer(scenario, server, blankCounters).play()
    const difference = differences[0]
    if (difference !== undefined && countOutputs(prompts) > 1) {
      verdicts.push({ ...row, notYet: 'the order of several outputs is that of a set in the original' })
      isCacheRight = true
      continue
    }
    const chance = CHANCE.find(([pattern]) => pattern.test(scenario.name))
    if (difference !== undefined && chance !== undefined) {
      verdicts.push({ ...row, notYet: chance[1] })
      isCacheRight = true
      continue
    }
    const hasPrompt = prompts.some((prompt) => prompt !== undefined)
    const deliberate = DELIBERATE[scenario.name]
    if (difference !== undefined && deliberate !== undefined)
      verdicts.push({ ...row, notYet: `different on purpose: ${deliberate}` })
    else if (difference !== undefined && !isCacheRight)
      verdicts.push({ ...row, notYet: 'follows a prompt of classes that are not served', difference })
    else verdicts.push(difference === undefined ? row : { ...row, difference })
    if (hasPrompt) isCacheRight = true
  }
  return verdicts
}

function countOutputs(prompts: readonly unknown[]): number {
  const counts = prompts.map((prompt) => {
    const nodes = Object.values((prompt ?? {}) as Record<string, { class_type?: string }>)
    return nodes.filter(({ class_type: name }) => findNodeDefinition(name ?? '')?.isOutput).length
  })
  return Math.max(0, ...counts)
}

/** What differs from run to run, or from model to model. */
const CHANCE: readonly (readonly [RegExp, string])[] = [
  [/^interrupt/, 'which step an interrupt hits depends on the moment'],
  [/^reconnect/, 'how many frames a socket sees before it closes depends on the moment'],
  [/dpm_adaptive/, 'how many steps it takes depends on the weights'],
]

/** File numbers depend on every prompt before, and some are not replayed. */
function blankCounters(text: string): string {
  return text.replace(/_\d{5}_\./g, '_NUMBER_.')
}

await main()
