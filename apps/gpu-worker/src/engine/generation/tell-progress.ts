import type { StepReport } from '../denoise/sampler.ts'
import { makePreview, wantsPreview } from '../preview/make-preview.ts'
import type { Batch, Generation } from './generation.ts'

/** Tells that a pass begins. */
export function tellStart({ context }: Generation, { passIndex }: Batch, totalSteps: number): void {
  context.tell({ $case: 'stepProgress', value: { step: 0, totalSteps, passIndex, nodeId: '' } })
}

/** Tells of a step, with a preview where one is wanted. */
export async function tellStep(
  { job, context }: Generation,
  { passIndex }: Batch,
  { step, totalSteps, denoised }: StepReport,
): Promise<void> {
  context.tell({ $case: 'stepProgress', value: { step, totalSteps, passIndex, nodeId: '' } })
  const settings = context.job.preview
  if (job.images.length > 0 && wantsPreview(settings, step)) {
    context.tell({
      $case: 'previewReady',
      value: await makePreview(denoised, settings, { step, nodeId: '' }),
    })
  }
  // Messages (cancel, skip) are heard between steps only.
  await new Promise((resolve) => setImmediate(resolve))
}
