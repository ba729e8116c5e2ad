import { JobResult, type ExtrasJob } from '@atelier/proto'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { EngineError } from '../engine-error.ts'
import { openUpscaler } from '../generation/enlarge.ts'
import { encodeFile } from '../generation/finish-pictures.ts'
import { required } from '../generation/generation.ts'
import { HeldModels } from '../generation/held-models.ts'
import type { JobContext } from '../job-context.ts'
import type { ModelStore } from '../models/model-store.ts'
import { readWebuiImage } from '../source-image/read-webui-image.ts'
import type { Upscaler } from '../upscale/upscale-image.ts'
import { enlargePicture } from './enlarge-picture.ts'

/** Runs an extras job: each picture enlarged and encoded. A cancelled job ends with the pictures that are finished. */
export async function runExtras(
  job: ExtrasJob,
  context: JobContext,
  store: ModelStore,
): Promise<EngineOutcome> {
  const { pictures } = job
  context.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: pictures.length } })
  const models = new HeldModels(store)
  try {
    const upscalers: Upscaler[] = []
    for (const one of [job.upscaler, job.secondUpscaler])
      if (one !== undefined) upscalers.push(await openUpscaler(one, models))
    const files: EngineFile[] = []
    for (const [passIndex, { image, texts }] of pictures.entries()) {
      if (context.cancelled.aborted) break
      context.tell({ $case: 'stepProgress', value: { step: 0, totalSteps: 0, passIndex, nodeId: '' } })
      const bytes = context.inputs.get(image?.key ?? '')
      if (bytes === undefined)
        throw new EngineError('internal', `the picture ${image?.key} is not stored any more`)
      const enlarged = await enlargePicture(await readWebuiImage(bytes), upscalers, job)
      files.push(await encodeFile(context.finishPixels(enlarged), required(job.output), texts))
      // Messages (cancel) are heard between pictures only.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const kind = context.cancelled.aborted ? 'interrupted' : 'done'
    return { kind, result: JobResult.fromPartial({}), files }
  } finally {
    models.release()
  }
}
