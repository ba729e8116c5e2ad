import type { JobOutcome } from '@atelier/ledger'
import { ImageFormat, JobResult, NamedFile } from '@atelier/proto'
import sharp from 'sharp'
import { fill, toRecordedError } from './recorded-outcome.ts'
import type { Happening, ScriptedRun } from './scripted-dispatcher.ts'
import type { TestGateway } from './test-gateway.ts'

/** A recorded websocket scenario: what was done, and what each socket then heard. */
export interface Scenario {
  readonly name: string
  readonly server_args: readonly string[]
  readonly steps: readonly ScenarioStep[]
  readonly messages: Readonly<Record<string, readonly RecordedFrame[]>>
}

/** One thing that was done, when each socket had heard `after_messages` frames. */
export interface ScenarioStep {
  readonly do: 'connect' | 'http' | 'send' | 'close'
  readonly socket?: string
  readonly clientId?: string | null
  readonly first_frame?: unknown
  readonly method?: string
  readonly path?: string
  readonly body?: unknown
  readonly text?: string
  readonly status?: number
  readonly reply?: unknown
  readonly after_messages?: Readonly<Record<string, number>>
}

/** A frame as recorded: a message, or a description of binary. */
export interface RecordedFrame {
  readonly type?: string
  readonly data?: Record<string, unknown>
  readonly binary?: {
    readonly event: number
    readonly head_hex: string
    readonly image_type?: number
    readonly meta?: Record<string, unknown>
    readonly text?: string
    readonly image?: {
      readonly format: string
      readonly mode: string
      readonly width: number
      readonly height: number
    }
  }
}

/** What an engine did in one recorded run, read back from the frames its client got. */
export interface RecordedRun {
  readonly happenings: readonly Happening[]
  readonly end: { readonly type: string; readonly data: Record<string, unknown> }
}

/** Reads the runs of a socket's recording back, by prompt id. Frames that are no news of a run do not count. */
export async function readRuns(frames: readonly RecordedFrame[]): Promise<Map<string, RecordedRun>> {
  const readers = new Map<string, RunReader>()
  const told = frames.filter(({ type }) => type !== 'status')
  let current: RunReader | undefined
  for (const [index, frame] of told.entries()) {
    const promptId = frame.data?.['prompt_id']
    if (typeof promptId === 'string') {
      current = readers.get(promptId) ?? new RunReader(promptId)
      readers.set(promptId, current)
    }
    const image = told[index - 1]?.binary?.image ?? told[index + 1]?.binary?.image
    await current?.read(frame, image)
  }
  return new Map([...readers].map(([promptId, reader]) => [promptId, reader.run]))
}

/** Reads one run back. Where nobody was told how it began and ended, it had nothing cached and succeeded. */
class RunReader {
  readonly #happenings: Happening[] = []
  readonly #executed = new Map<string, unknown>()
  readonly #states = new Map<string, string>()
  #end: RecordedRun['end']

  constructor(promptId: string) {
    this.#end = { type: 'execution_success', data: { prompt_id: promptId } }
  }

  get run(): RecordedRun {
    const hasStart = this.#happenings[0]?.$case === 'jobStart'
    const start: Happening = { $case: 'jobStart', value: { cachedNodeIds: [], passCount: 1 } }
    return { happenings: hasStart ? this.#happenings : [start, ...this.#happenings], end: this.#end }
  }

  async read({ type, data, binary }: RecordedFrame, image: RecordedImage | undefined): Promise<void> {
    if (binary?.text !== undefined) this.#happenings.push(toNodeText(binary.head_hex, binary.text))
    if (data === undefined) return
    if (type === 'execution_cached') {
      const value = { cachedNodeIds: data['nodes'] as string[], passCount: 1 }
      this.#happenings.push({ $case: 'jobStart', value })
    } else if (type === 'progress') this.#happenings.push(...(await toSteps(data, image)))
    else if (type === 'executed') this.#executed.set(data['node'] as string, data['output'])
    else if (type === 'progress_state') this.#readStates(data)
    else if (/^execution_(success|error|interrupted)$/.test(type ?? ''))
      this.#end = { type: type ?? '', data }
  }

  #readStates(data: Record<string, unknown>): void {
    for (const [nodeId, { state }] of Object.entries(data['nodes'] as Record<string, { state: string }>)) {
      const before = this.#states.get(nodeId)
      if (before === state) continue
      this.#states.set(nodeId, state)
      if (state === 'running') this.#happenings.push({ $case: 'nodeStart', value: { nodeId } })
      else this.#happenings.push(this.#toNodeEnd(nodeId, before === undefined))
    }
  }

  #toNodeEnd(nodeId: string, cached: boolean): Happening {
    const output = this.#executed.get(nodeId) ?? null
    const outputJson = output === null ? '' : fill(JSON.stringify(output))
    return { $case: 'nodeEnd', value: { nodeId, outputJson, cached } }
  }
}

function toNodeText(headHex: string, text: string): Happening {
  // Type, length of the node's id, the id.
  const length = Buffer.from(headHex, 'hex').readUInt32BE(4)
  return { $case: 'nodeText', value: { nodeId: text.slice(0, length) || '2', text } }
}

type RecordedImage = NonNullable<NonNullable<RecordedFrame['binary']>['image']>

async function toSteps(
  data: Record<string, unknown>,
  image: RecordedImage | undefined,
): Promise<Happening[]> {
  const nodeId = data['node'] as string
  const [step, totalSteps] = [data['value'] as number, data['max'] as number]
  const bytes = image && (await draw(image))
  if (image?.format === 'PNG' && bytes !== undefined) {
    const blob = { key: `results/pictures/${image.width}x${image.height}`, mediaType: 'image/png' }
    const file = NamedFile.fromPartial({ nodeId, blob })
    return [{ $case: 'imageReady', value: { file, index: step, count: totalSteps } }]
  }
  const stepped: Happening = { $case: 'stepProgress', value: { step, totalSteps, passIndex: 0, nodeId } }
  if (image === undefined || bytes === undefined) return [stepped]
  const { width, height } = image
  const value = { format: ImageFormat.IMAGE_FORMAT_JPEG, data: bytes, width, height, nodeId, step }
  return [{ $case: 'previewReady', value }, stepped]
}

async function draw({ format, width, height }: RecordedImage): Promise<Uint8Array> {
  const picture = sharp({ create: { width, height, channels: 3, background: '#808080' } })
  return format === 'PNG' ? picture.png().toBuffer() : picture.jpeg().toBuffer()
}

/** Plays a recorded run and ends as it ended. */
export async function playRun(
  { happenings, end }: RecordedRun,
  run: ScriptedRun,
  gateway: TestGateway,
): Promise<JobOutcome> {
  const outputs: Record<string, string> = {}
  const executed: string[] = []
  for (const happening of happenings) {
    if (happening.$case === 'imageReady') await storePicture(happening, gateway)
    if (happening.$case === 'nodeEnd') {
      const { nodeId, outputJson, cached } = happening.value
      if (outputJson !== '') outputs[nodeId] = outputJson
      if (!cached) executed.push(nodeId)
    }
    await run.tell(happening)
  }
  const [start] = happenings
  const cachedNodeIds = start?.$case === 'jobStart' ? start.value.cachedNodeIds : []
  const result = JobResult.fromPartial({ nodeOutputsJson: outputs, cachedNodeIds, executedNodeIds: executed })
  if (end.type === 'execution_success') return { kind: 'done', result }
  if (end.type === 'execution_error') return { kind: 'failed', error: toRecordedError(end.data), result }
  await run.hold()
  result.interruptedNodeId = end.data['node_id'] as string
  return { kind: 'interrupted', result }
}

async function storePicture(
  happening: Happening & { $case: 'imageReady' },
  gateway: TestGateway,
): Promise<void> {
  const file = happening.value.file
  const key = file?.blob?.key ?? ''
  const [width = 0, height = 0] = (key.split('/').at(-1) ?? '').split('x').map(Number)
  const bytes = await draw({ format: 'PNG', mode: 'RGB', width, height })
  if (file !== undefined) file.blob = await gateway.store.blobs.put(key, bytes, 'image/png')
}

/** A frame in the recording's terms. Lengths of pictures are nobody's business. */
export async function describeFrame(frame: string | Uint8Array): Promise<RecordedFrame> {
  if (typeof frame === 'string') return JSON.parse(frame) as RecordedFrame
  const bytes = Buffer.from(frame)
  const event = bytes.readUInt32BE(0)
  const second = bytes.readUInt32BE(4)
  const described = { event, head_hex: bytes.subarray(0, 8).toString('hex') }
  if (event === 3) return { binary: { ...described, text: bytes.subarray(8 + second).toString('utf8') } }
  const isFlagged = event === 4
  const meta = isFlagged ? { meta: JSON.parse(bytes.toString('utf8', 8, 8 + second)) as never } : {}
  const picture = bytes.subarray(8 + (isFlagged ? second : 0))
  const { format, width, height } = await sharp(picture).metadata()
  const image = { format: format.toUpperCase(), mode: 'RGB', width, height }
  return { binary: { ...described, ...(isFlagged ? {} : { image_type: second }), ...meta, image } }
}

/** A recorded frame without what is not compared. */
export function toComparable(frame: RecordedFrame): RecordedFrame {
  if (frame.binary === undefined) return frame
  const { event, head_hex, image_type: imageType, meta, text, image } = frame.binary
  return {
    binary: {
      event,
      head_hex,
      ...(imageType === undefined ? {} : { image_type: imageType }),
      ...(meta === undefined ? {} : { meta }),
      ...(text === undefined ? {} : { text }),
      ...(image === undefined
        ? {}
        : { image: { format: image.format, mode: image.mode, width: image.width, height: image.height } }),
    },
  }
}
