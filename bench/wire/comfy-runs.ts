import { findDifference } from '../../apps/gateway/src/comfy/test-kit/match-recorded.ts'
import { describeFrame, type RecordedFrame } from '../../apps/gateway/src/comfy/test-kit/socket-scenario.ts'
import { missingClasses } from './comfy-scope.ts'
import { listPngChunks } from './list-png-chunks.ts'
import type { RunningServer } from './running-server.ts'
import type { WireVerdict } from './wire-report.ts'

/** A row of order.jsonl: which nodes ran, in which order, from an empty cache. */
export interface OrderRow {
  readonly case: string
  readonly prompt: unknown
  readonly outputs_to_execute: readonly string[]
  readonly executing: readonly string[]
  readonly executed: readonly string[]
}

/** A row of caching.jsonl: what was cached and what ran, one prompt after the other. */
export interface CachingRow {
  readonly server_args: readonly string[]
  readonly n: number
  readonly case: string
  readonly prompt: unknown
  readonly extra: Record<string, unknown>
  readonly cached: readonly string[]
  readonly executing: readonly string[]
  readonly executed: readonly string[]
  readonly end: string
  readonly history_outputs: unknown
}

/** A row of files.jsonl: the files a prompt saved. */
export interface FileRow {
  readonly case: string
  readonly server_args: readonly string[]
  readonly prompt: unknown
  /** The prompt as text: files hold it in the order it was written. */
  readonly promptJson: string
  readonly extra: Record<string, unknown>
  readonly end: string
  readonly outputs: unknown
  readonly files: readonly RecordedFile[]
  readonly existing?: unknown
}

interface RecordedFile {
  readonly filename: string
  readonly subfolder: string
  readonly type: string
  readonly exists: boolean
  readonly chunks?: readonly { type: string; keyword?: string; text?: string; ihdr?: readonly number[] }[]
}

interface RunSummary {
  readonly cached: readonly string[]
  readonly executing: readonly string[]
  readonly executed: readonly string[]
  readonly end: string
  readonly outputs: unknown
}

/** Runs a prompt and says what its client heard of it. */
async function runPrompt(
  server: RunningServer,
  promptJson: string,
  extra: object = {},
): Promise<RunSummary | string> {
  const clientId = `wire-${Math.random().toString(36).slice(2)}`
  const socket = await server.connect(clientId)
  const rest = JSON.stringify({ ...extra, client_id: clientId }).slice(1)
  const text = `{"prompt": ${promptJson}, ${rest}`
  const answer = await fetch(`${server.url}/prompt`, { method: 'POST', body: text })
  const body = (await answer.json()) as { prompt_id?: string; error?: { message: string } }
  if (body.prompt_id === undefined) return `rejected: ${body.error?.message}`
  const isOver = (frame: RecordedFrame) => frame.type === 'executing' && frame.data?.['node'] === null
  let frames: RecordedFrame[] = []
  while (!frames.some(isOver)) {
    await socket.waitFor(socket.frames.length + 1)
    frames = await Promise.all(socket.frames.filter((frame) => typeof frame === 'string').map(describeFrame))
  }
  socket.close()
  const history = (await (await server.request('GET', `/history/${body.prompt_id}`)).json()) as Record<
    string,
    { outputs: unknown }
  >
  const nodesOf = (type: string) =>
    frames.filter((frame) => frame.type === type).map(({ data }) => data?.['node'] as string)
  return {
    cached: frames.find(({ type }) => type === 'execution_cached')?.data?.['nodes'] as string[],
    executing: nodesOf('executing').filter((node) => node !== null),
    executed: nodesOf('executed'),
    end: frames.find(({ type }) => /^execution_(success|error|interrupted)$/.test(type ?? ''))?.type ?? '',
    outputs: history[body.prompt_id]?.outputs,
  }
}

/** Compares the order of execution; the cache is emptied before each row. */
export async function compareOrder(
  server: RunningServer,
  rows: readonly OrderRow[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  for (const row of rows) {
    const verdict = { file: 'order.jsonl', name: row.case }
    if (missingClasses(row.prompt, original) !== undefined) {
      verdicts.push({ ...verdict, notYet: 'classes that are not served' })
      continue
    }
    await server.request('POST', '/free', { unload_models: false, free_memory: true })
    const run = await runPrompt(server, JSON.stringify(row.prompt))
    if (typeof run === 'string') verdicts.push({ ...verdict, difference: run })
    else {
      // Which of several outputs comes first is a matter of a set in the original.
      const order = (nodes: readonly string[]) =>
        row.outputs_to_execute.length > 1 ? [...nodes].sort() : nodes
      const actual = { executing: order(run.executing), executed: [...run.executed].sort() }
      const expected = { executing: order(row.executing), executed: [...row.executed].sort() }
      verdicts.push(withDifference(verdict, findDifference(actual, expected, new Map())))
    }
  }
  return verdicts
}

/** What the recorder did before a prompt. */
const PREPARATIONS: Readonly<Record<string, (server: RunningServer) => Promise<unknown>>> = {
  free_unload_models: (server) => server.request('POST', '/free', { unload_models: true }),
  free_memory: (server) => server.request('POST', '/free', { free_memory: true }),
  load_image_content_changed: async (server) => {
    const other = await server.request('GET', '/view?filename=inner.png&subfolder=sub&type=input')
    const form = new FormData()
    form.append('image', await other.blob(), 'rgb.png')
    form.append('overwrite', 'true')
    return fetch(`${server.url}/upload/image`, { method: 'POST', body: form })
  },
}

/** Compares what is found in the cache, row after row. */
export async function compareCaching(
  server: RunningServer,
  rows: readonly CachingRow[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  let isCacheRight = true
  for (const row of rows) {
    const verdict = {
      file: 'caching.jsonl',
      name: `${row.server_args.join(' ')} ${row.n} ${row.case}`.trim(),
    }
    if (missingClasses(row.prompt, original) !== undefined) {
      verdicts.push({ ...verdict, notYet: 'classes that are not served' })
      isCacheRight = false
    } else {
      await PREPARATIONS[row.case]?.(server)
      const run = await runPrompt(server, JSON.stringify(row.prompt), row.extra)
      const difference = typeof run === 'string' ? run : compareRun(run, row)
      if (difference !== undefined && !isCacheRight)
        verdicts.push({ ...verdict, notYet: 'follows a prompt of classes that are not served' })
      else verdicts.push(withDifference(verdict, difference))
      isCacheRight = true
    }
  }
  return verdicts
}

function compareRun(run: RunSummary, row: CachingRow): string | undefined {
  const { cached, executing, end } = run
  const actual = { cached: [...cached].sort(), executing, end, executed: [...run.executed].sort() }
  const expected = {
    ...{ cached: [...row.cached].sort(), executing: row.executing, end: row.end },
    executed: [...row.executed].sort(),
  }
  const difference = findDifference(actual, expected, new Map())
  if (difference !== undefined) return difference
  // Numbers of files count prompts that were not replayed, too.
  const blank = (value: unknown) => JSON.parse(JSON.stringify(value).replace(/_\d{5}_\./g, '_N_.')) as unknown
  return findDifference(blank(run.outputs), blank(row.history_outputs), new Map(), '$.outputs')
}

/** Compares the names and chunks of saved files. */
export async function compareFiles(
  server: RunningServer,
  rows: readonly FileRow[],
  original: ReadonlySet<string>,
): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  for (const row of rows) {
    const verdict = { file: 'files.jsonl', name: row.case }
    if (row.prompt === undefined) verdicts.push({ ...verdict, notYet: 'names depend on the time' })
    else if (row.existing !== undefined)
      verdicts.push({ ...verdict, notYet: 'needs files that no prompt made' })
    else if (missingClasses(row.prompt, original) !== undefined)
      verdicts.push({ ...verdict, notYet: 'classes that are not served' })
    else verdicts.push(withDifference(verdict, await compareSaved(server, row)))
  }
  return verdicts
}

async function compareSaved(server: RunningServer, row: FileRow): Promise<string | undefined> {
  const run = await runPrompt(server, row.promptJson, row.extra)
  if (typeof run === 'string') return run
  if (run.end !== row.end) return `ended with ${run.end}, recorded ${row.end}`
  const difference = findDifference(run.outputs, row.outputs, new Map(), '$.outputs')
  if (difference !== undefined) return difference
  const shown = Object.values(run.outputs as Record<string, { images?: RecordedFile[] }>).flatMap(
    ({ images = [] }) => images,
  )
  for (const [index, recorded] of row.files.entries()) {
    const { filename, subfolder, type } = shown[index] ?? recorded
    const query = new URLSearchParams({ filename, subfolder, type })
    const answer = await server.request('GET', `/view?${query}`)
    if (answer.ok !== recorded.exists) return `${filename}: status ${answer.status}`
    if (recorded.chunks === undefined) continue
    const chunks = listPngChunks(new Uint8Array(await answer.arrayBuffer()))
    const keep = (chunk: { type: string }) => chunk.type !== 'IDAT'
    const plain = (list: readonly { type: string; keyword?: string; text?: string; ihdr?: unknown }[]) =>
      list.filter(keep).map(({ type: kind, keyword, text, ihdr }) => ({ kind, keyword, text, ihdr }))
    const found = findDifference(
      JSON.parse(JSON.stringify(plain(chunks))),
      JSON.parse(JSON.stringify(plain(recorded.chunks))),
      new Map(),
      `${filename} chunks`,
    )
    if (found !== undefined) return found
  }
  return undefined
}

function withDifference(verdict: WireVerdict, difference: string | undefined): WireVerdict {
  return difference === undefined ? verdict : { ...verdict, difference }
}
