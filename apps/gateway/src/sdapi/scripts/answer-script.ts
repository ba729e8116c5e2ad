import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { JobState, type JobRecord, type ScriptJob } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { refuseFailed } from '../answer/answer-record.ts'
import { readInfotexts } from '../answer/made-infotexts.ts'
import { readImages } from '../job-files.ts'
import { jsonAnswer, pythonException } from '../errors.ts'
import { toQuality } from '../generation/to-output.ts'
import { encodePicture } from '../../images/encode-picture.ts'
import type { Pixels } from '../../images/pixels.ts'
import { makeGridOf } from '../answer/make-grid.ts'
import { optionFlag, overrideOptions, readOptions, type Options } from '../options/options-store.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { tellInfo } from '../answer/surface-note.ts'
import { echoFields, toTimestamp } from '../answer/to-response.ts'
import { drawGrids } from './grids/draw-grids.ts'
import { parseScriptNote, type ScriptNote } from './script-note.ts'

/** The pictures of a script that has ended. */
export interface ScriptPictures {
  readonly record: JobRecord
  /** Grids before the pictures. */
  readonly grids: readonly Pixels[]
  readonly pictures: readonly Uint8Array[]
}

/** Keeps what a script made, before it is answered. */
export type SaveScript = (finished: ScriptPictures) => Promise<void>

/**
 * Answers with what a script made; an interrupted one with what it had.
 * @throws ApiError with the job's error when it failed
 */
export async function answerScript(
  deps: GatewayDeps,
  request: GenerationRequest,
  record: JobRecord,
  save: SaveScript,
): Promise<Response> {
  return jsonAnswer(await writeScriptAnswer(deps, request, record, save))
}

/**
 * The body of that answer.
 * @throws ApiError with the job's error when it failed
 */
export async function writeScriptAnswer(
  deps: GatewayDeps,
  request: GenerationRequest,
  record: JobRecord,
  save: SaveScript,
): Promise<ExactObject> {
  refuseFailed(record)
  const script = readScript(record)
  const note = parseScriptNote(record.job?.surfaceNote ?? '')
  const pictures = await readImages(deps, record)
  // What a script puts together follows the tenant's options, what its generations do the request's.
  const options = await readOptions(deps.store.documents, record.job?.tenant ?? '')
  const cellOptions = overrideOptions(options, request.record('override_settings'))
  const grids = await drawScriptGrids(script, note, {
    record,
    pictures,
    options,
    cellOptions,
    savesCells: request.flag('save_images'),
  })
  await save({ record, grids, pictures })
  const encoding = { format: script.output?.format ?? 0, quality: toQuality(options), infotext: '' }
  const encoded = await Promise.all(grids.map((grid) => encodePicture(grid, encoding)))
  const shown = selectPictures(note, encoded, pictures)
  const info = toScriptInfo(record, { script, note, count: shown.length, hasGrid: grids.length > 0 })
  const sends = request.value('send_images') !== false
  return new Map<string, ExactValue>([
    ['images', sends ? shown.map((bytes) => Buffer.from(bytes).toString('base64')) : []],
    ['parameters', echoFields(request)],
    ['info', formatExactJson(info)],
  ])
}

function readScript(record: JobRecord): ScriptJob {
  if (record.job?.kind?.$case === 'script') return record.job.kind.value
  throw pythonException('RuntimeError', 'the job is no script')
}

interface Finished {
  readonly record: JobRecord
  readonly pictures: readonly Uint8Array[]
  readonly options: Options
  /** With the request's on top. */
  readonly cellOptions: Options
  /** A cell of several pictures shows their grid, as answers that are saved have one. */
  readonly savesCells: boolean
}

async function drawScriptGrids(
  script: ScriptJob,
  { answer }: ScriptNote,
  { record, pictures, options, cellOptions, savesCells }: Finished,
): Promise<Pixels[]> {
  const { grid } = answer
  if (grid === undefined) return []
  if (grid.kind === 'square' && pictures.length < 2 && optionFlag(options, 'grid_only_if_multiple')) return []
  if (grid.kind === 'row' && pictures.length < 2) return []
  const ofParts = splitByPart(pictures, record)
  const cells = await Promise.all(
    ofParts.map(async (made, part) => {
      const job = script.parts[part]
      const isShared =
        savesCells && made.length > 1 && optionFlag(cellOptions, 'return_grid') && job !== undefined
      if (!isShared) return made[0]
      return makeGridOf(made, { job, options: cellOptions })
    }),
  )
  const batchSize = script.parts[0]?.batchSize ?? 1
  return drawGrids(grid, { pictures, cells, batchSize, options })
}

/** Index of each part's first image among those of all parts. */
function listFirsts({ parts }: ScriptJob): number[] {
  let next = 0
  return parts.map(({ images }) => {
    const first = next
    next += images.length
    return first
  })
}

/** The files of each part. */
function splitByPart(pictures: readonly Uint8Array[], { result }: JobRecord): Uint8Array[][] {
  let first = 0
  return (result?.partFileCounts ?? []).map((count) => {
    const made = pictures.slice(first, first + count)
    first += count
    return made
  })
}

/** A plot shows its grids, and the cells where it is asked for them; others their grid and all pictures. */
function selectPictures(
  { answer }: ScriptNote,
  grids: readonly Uint8Array[],
  pictures: readonly Uint8Array[],
): Uint8Array[] {
  const { grid } = answer
  if (grid?.kind !== 'plot') return [...grids, ...pictures]
  const shownGrids = grid.hasSubGrids ? grids : grids.slice(0, 1)
  if (!grid.hasPictures) return [...shownGrids]
  return [...shownGrids, ...pictures]
}

/** `info` of a script that has ended. */
function toScriptInfo(
  record: JobRecord,
  { script, note, count, hasGrid }: { script: ScriptJob; note: ScriptNote; count: number; hasGrid: boolean },
): ExactObject {
  const info = new Map<string, ExactValue>(tellInfo(note, record))
  info.set('infotexts', listTexts(record, { script, note, count, hasGrid }))
  info.set('job_timestamp', toTimestamp(record.startedAtMs))
  if (!hasGrid) info.set('index_of_first_image', 0n)
  if (record.state === JobState.JOB_STATE_INTERRUPTED && count === 0) info.set('infotexts', [])
  return info
}

function listTexts(
  record: JobRecord,
  { script, note, count, hasGrid }: { script: ScriptJob; note: ScriptNote; count: number; hasGrid: boolean },
): string[] {
  const all = readInfotexts(record)
  if (note.answer.texts === 'first') return Array.from({ length: count }, () => all[0] ?? '')
  const made = (record.result?.imageIndexes ?? []).map((index) => all[index] ?? '')
  const { grid } = note.answer
  if (grid === undefined || !hasGrid) return made
  if (grid.kind !== 'plot') return [...made.slice(0, 1), ...made]
  const grids = grid.hasSubGrids ? grid.texts : grid.texts.slice(0, 1)
  return [...grids, ...cellTexts(script, grid.cells, all)]
}

/** The text of the first picture of each cell, along x, then y, then z. */
function cellTexts(script: ScriptJob, cells: readonly number[], all: readonly string[]): string[] {
  const firsts = listFirsts(script)
  const texts: string[] = []
  for (const [part, cell] of cells.entries()) texts[cell] = all[firsts[part] ?? -1] ?? ''
  return texts
}
