/**
 * Replays the recordings of AUTOMATIC1111's WebUI: `npx tsx bench/wire/webui.ts` against the gateway in this process,
 * whose worker draws flat pictures; with `--engine` against a whole server it starts, with `--url <address>` against one
 * that runs. For those two, files that stand in for the recorded ones must lie under the recorded names.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findKnownDifference } from '../../apps/gateway/src/sdapi/test-kit/known-differences.ts'
import {
  parseRecording,
  type RecordedExchange,
  type RequestPictures,
} from '../../apps/gateway/src/sdapi/test-kit/recorded-exchange.ts'
import { replayRecording, toRecordedOptions } from '../../apps/gateway/src/sdapi/test-kit/recorded-set.ts'
import type { Send } from '../../apps/gateway/src/sdapi/test-kit/replay.ts'
import { openTestGateway } from '../../apps/gateway/src/sdapi/test-kit/test-gateway.ts'
import { findFixtures } from '../parity/report.ts'
import { drawExtras, drawWithMetadata } from './webui-draw.ts'
import { replayFilenames } from './webui-filenames.ts'
import { replayProgress } from './webui-progress.ts'
import { startWebuiServer } from './webui-server.ts'
import { reportWire, type WireVerdict } from './wire-report.ts'

/** Recordings of exchanges, in the order in which they were made. */
const RECORDINGS = [
  ...['get', 'nowebui_get', 'txt2img', 'img2img', 'validation', 'utils', 'infotext'],
  ...['auth', 'override_restore', 'encoding', 'nowebui_encoding'],
]
/** Recordings that a running server is not replayed: they need its switches, or no engine. */
const NEED_SWITCHES = new Set(['auth', 'nowebui_get', 'nowebui_encoding', 'get', 'override_restore'])
const PICTURES_PATH = '../../apps/gateway/src/sdapi/__fixtures__/request-images.json'
/** Hashes of the recorded model files, whole and short, which stand-ins do not have. */
const HASHES = /e759340ef1[0-9a-f]*|fb5742bc6f[0-9a-f]*|84d4f09b43|22c72d33587e|3ed740e83dae/g

const { values: flags } = parseArgs({
  options: { engine: { type: 'boolean', default: false }, url: { type: 'string' } },
})

async function main(): Promise<void> {
  const fixtures = findFixtures()
  if (fixtures === undefined) return
  const folder = `${fixtures}webui-wire/a1111/`
  const pictures = JSON.parse(
    readFileSync(new URL(PICTURES_PATH, import.meta.url), 'utf8'),
  ) as RequestPictures
  const isWhole = flags.engine || flags.url !== undefined
  const verdicts = isWhole
    ? await replayServer(fixtures, folder, pictures)
    : [...(await replayGateway(folder, pictures)), ...(await replayProgress(folder, pictures))]
  const rest = isWhole ? [] : await replayFilenames(folder)
  const title = `A1111 1.10.1: recordings replayed against ${isWhole ? 'the engine' : 'the gateway'}`
  const section = isWhole ? 'webui-engine' : 'webui'
  process.exitCode = reportWire(section, title, [...verdicts, ...rest]) ? 0 : 1
}

async function replayGateway(folder: string, pictures: RequestPictures): Promise<WireVerdict[]> {
  const verdicts: WireVerdict[] = []
  for (const recording of RECORDINGS) {
    const gateway = await openTestGateway({
      ...toRecordedOptions(recording),
      draw: drawWithMetadata,
      drawExtras,
    })
    const send: Send = async (method, path, { body, headers }) =>
      gateway.app.request(`http://127.0.0.1:7860${path}`, { method, headers, ...toBody(body) })
    verdicts.push(...(await replay(recording, readRecording(folder, recording), { send, pictures })))
    await gateway.close()
  }
  return verdicts
}

async function replayServer(
  fixtures: string,
  folder: string,
  pictures: RequestPictures,
): Promise<WireVerdict[]> {
  const server =
    flags.url === undefined ? await startWebuiServer(fixtures) : { url: flags.url, stop: () => undefined }
  const hash = await readHash(server.url)
  const send: Send = (method, path, { body, headers }) => {
    // A request that names a recorded file's hash means the stand-in's.
    const own = typeof body === 'string' ? body.replaceAll('<hash>', hash) : body
    return fetch(server.url + path, { method, headers, redirect: 'manual', ...toBody(own) })
  }
  const verdicts: WireVerdict[] = []
  for (const recording of RECORDINGS.filter((name) => !NEED_SWITCHES.has(name))) {
    verdicts.push(...(await replay(recording, readRecording(folder, recording, HASHES), { send, pictures })))
  }
  await server.stop()
  return verdicts
}

/** Short hash of the file that stands in for the recorded checkpoints. */
async function readHash(url: string): Promise<string> {
  const models = (await (await fetch(`${url}/sdapi/v1/sd-models`)).json()) as {
    title: string
    hash: string
  }[]
  return models.find(({ title }) => title.startsWith('tiny-a'))?.hash ?? ''
}

function toBody(body: string | Uint8Array | undefined): { body?: string } {
  return body === undefined ? {} : { body: body as string }
}

async function replay(
  recording: string,
  exchanges: readonly RecordedExchange[],
  world: { readonly send: Send; readonly pictures: RequestPictures },
): Promise<WireVerdict[]> {
  const verdicts = await replayRecording(recording, exchanges, world)
  return verdicts.map(({ id, difference }) => toWireVerdict(recording, id, difference))
}

function toWireVerdict(recording: string, name: string, difference: string | undefined): WireVerdict {
  const row = { file: `${recording}.jsonl`, name }
  if (difference === undefined) return row
  const known = findKnownDifference(recording, name)
  if (known === undefined) return { ...row, difference }
  return { ...row, notYet: known.kind === 'later' ? known.reason : `different on purpose: ${known.reason}` }
}

/** Reads a recording; what a pattern matches is replaced by a placeholder for any hash. */
function readRecording(folder: string, recording: string, hashes?: RegExp): RecordedExchange[] {
  const text = readFileSync(`${folder}${recording}.jsonl`, 'utf8')
  return parseRecording(hashes === undefined ? text : text.replace(hashes, '<hash>'))
}

await main()
process.exit()
