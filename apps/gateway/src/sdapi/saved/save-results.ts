import { join } from 'node:path'
import type { JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { OPEN_TENANT } from '../../middleware/authenticate.ts'
import { JobState } from '@atelier/proto'
import type { GenerationPlan } from '../generation-plan.ts'
import { optionFlag } from '../options/options-store.ts'
import { selectStyles, type PromptStyle } from '../styles.ts'
import type { NameFacts } from './name-facts.ts'
import { saveGrid, savePicture } from './save-pictures.ts'

/** The pictures of a job that has ended. */
export interface FinishedPictures {
  readonly record: JobRecord
  /** In the order of the answer, without the grid. */
  readonly images: readonly Uint8Array[]
  readonly grid: Uint8Array | undefined
}

/** Saves what a job made, where its request asks for that and the options do not forbid it. */
export async function saveResults(
  deps: Pick<GatewayDeps, 'config' | 'now'>,
  plan: GenerationPlan,
  styles: readonly PromptStyle[],
  { record, images, grid }: FinishedPictures,
): Promise<void> {
  const { request, options, isImageToImage } = plan
  if (!request.flag('save_images')) return
  const tenant = record.job?.tenant ?? OPEN_TENANT
  const root =
    tenant === OPEN_TENANT ? deps.config.ATELIER_DATA : join(deps.config.ATELIER_DATA, 'tenants', tenant)
  const settings = { root, options, isImageToImage }
  const files = record.result?.files ?? []
  const indexes = record.result?.imageIndexes ?? []
  const companions = indexes.length === 0 ? 1 : images.length / indexes.length
  const toFacts = (index: number, file: number): NameFacts => ({
    ...{ plan, index, now: deps.now(), startedAt: record.startedAtMs },
    styles: selectStyles(styles, request.list('styles').map(String)),
    width: files[file]?.width ?? plan.width,
    height: files[file]?.height ?? plan.height,
  })
  const textOf = (index: number) =>
    record.job?.kind?.$case === 'generation' ? (record.job.kind.value.images[index]?.infotext ?? '') : ''
  const isWhole = record.state !== JobState.JOB_STATE_INTERRUPTED
  if (optionFlag(options, 'samples_save') && (isWhole || optionFlag(options, 'save_incomplete_images'))) {
    for (const [position, index] of indexes.entries()) {
      const file = position * companions
      const bytes = images[file]
      if (bytes === undefined) continue
      await savePicture({ bytes, facts: toFacts(index, file), infotext: textOf(index) }, settings)
    }
  }
  if (grid !== undefined && optionFlag(options, 'grid_save'))
    await saveGrid({ bytes: grid, facts: toFacts(0, 0), infotext: textOf(0) }, settings)
}
