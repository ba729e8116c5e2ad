import type { StepReport } from '../denoise/sampler.ts'
import type { Previewer } from '../preview/previewer.ts'
import type { Batch, Generation } from './generation.ts'

/** Tells that a pass begins. */
export function tellStart({ context }: Generation, { passIndex }: Batch, totalSteps: number): void {
  context.tell({ $case: 'stepProgress', value: { step: 0, totalSteps, passIndex, nodeId: '' } })
}

/** Tells of a step, with a preview where one is wanted. */
export async function tellStep(
  { context }: Generation,
  { passIndex }: Batch,
  { step, totalSteps, denoised, previewer }: StepReport & { readonly previewer: Previewer },
): Promise<void> {
  context.tell({ $case: 'stepProgress', value: { step, totalSteps, passIndex, nodeId: '' } })
  const preview = await previewer.show(denoised, { step, nodeId: '' })
  if (preview !== undefined) context.tell({ $case: 'previewReady', value: preview })
  // Messages (cancel, skip) are heard between steps only.
  await new Promise((resolve) => setImmediate(resolve))
}
