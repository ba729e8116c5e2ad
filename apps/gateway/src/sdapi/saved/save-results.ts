import { JobState, type JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import type { Pixels } from '../../images/pixels.ts'
import { readFile } from '../job-files.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { readInfotexts } from '../answer/made-infotexts.ts'
import { optionFlag } from '../options/options-store.ts'
import type { PromptStyle } from '../styles.ts'
import { openSaving } from './open-saving.ts'
import { saveGrid, savePicture } from './save-pictures.ts'

/** The pictures of a job that has ended. */
export interface FinishedPictures {
  readonly record: JobRecord
  /** In the order of the answer, without the grid. */
  readonly images: readonly Uint8Array[]
  readonly grid: Pixels | undefined
}

interface SavedFile {
  /** Its place among the job's files. */
  readonly file: number
  /** Of the image it shows, or is saved beside. */
  readonly index: number
  /** Ending of its name; empty for finished pictures. */
  readonly suffix: string
}

/** The files that are saved, in order: each image's first one, and those made for saving alone. */
function listSaved({ result }: JobRecord, companions: number): SavedFile[] {
  const saved: SavedFile[] = []
  let shown = 0
  for (const [file, { name, imageIndex }] of (result?.files ?? []).entries()) {
    if (name !== '') saved.push({ file, index: imageIndex, suffix: `-${name}` })
    else {
      const index = result?.imageIndexes[shown / companions]
      if (index !== undefined) saved.push({ file, index, suffix: '' })
      shown += 1
    }
  }
  return saved
}

/** Saves what a job made, where its request asks for that and the options do not forbid it. */
export async function saveResults(
  deps: Pick<GatewayDeps, 'config' | 'now' | 'store'>,
  plan: GenerationPlan,
  styles: readonly PromptStyle[],
  { record, images, grid }: FinishedPictures,
): Promise<void> {
  const { request, options } = plan
  if (!request.flag('save_images')) return
  const { settings, toFacts } = openSaving(deps, { record, styles })
  const indexes = record.result?.imageIndexes ?? []
  const companions = indexes.length === 0 ? 1 : images.length / indexes.length
  const texts = readInfotexts(record)
  const textOf = (index: number) => texts[index] ?? ''
  const isWhole = record.state !== JobState.JOB_STATE_INTERRUPTED
  if (optionFlag(options, 'samples_save') && (isWhole || optionFlag(options, 'save_incomplete_images'))) {
    for (const { file, index, suffix } of listSaved(record, companions)) {
      const bytes = await readFile(deps, record.result!.files[file]!)
      const facts = toFacts(plan, index, file)
      await savePicture({ bytes, facts, infotext: textOf(index), suffix }, settings(plan))
    }
  }
  if (grid !== undefined && optionFlag(options, 'grid_save'))
    await saveGrid({ pixels: grid, facts: toFacts(plan, 0, 0), infotext: textOf(0) }, settings(plan))
}
