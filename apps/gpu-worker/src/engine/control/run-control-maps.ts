import { POSE_PREPROCESSOR } from '@atelier/catalog'
import { JobResult, type ControlMapJob } from '@atelier/proto'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { encodeFile } from '../generation/finish-pictures.ts'
import { required } from '../generation/generation.ts'
import { readInput } from '../generation/controls/choose-input.ts'
import { takeRed } from '../inpaint/grey.ts'
import type { Pixels } from '../image/pixels.ts'
import type { JobContext } from '../job-context.ts'
import { readImage } from '../source-image/read-image.ts'
import { HeldModels } from '../generation/held-models.ts'
import type { ModelStore } from '../models/model-store.ts'
import { runPosePreprocessor, runPreprocessor } from './preprocess/run-preprocessor.ts'
import { joinAlpha } from './join-alpha.ts'
import { showMap } from './show-map.ts'

/** Makes the control pictures of a job. A cancelled job ends with those that are finished. */
export async function runControlMaps(
  job: ControlMapJob,
  context: JobContext,
  store: ModelStore,
): Promise<EngineOutcome> {
  const models = new HeldModels(store)
  try {
    return await makeMaps(job, context, models)
  } finally {
    models.release()
  }
}

async function makeMaps(job: ControlMapJob, context: JobContext, models: HeldModels): Promise<EngineOutcome> {
  const settings = required(job.preprocessing)
  context.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: job.pictures.length } })
  const files: EngineFile[] = []
  const poseJson: string[] = []
  for (const [passIndex, { image, mask }] of job.pictures.entries()) {
    if (context.cancelled.aborted) break
    context.tell({ $case: 'stepProgress', value: { step: 0, totalSteps: 0, passIndex, nodeId: '' } })
    const read = async (key: string): Promise<Pixels> => readImage(readInput(context.inputs, key))
    const picture = await read(required(image).key)
    const source = mask === undefined ? picture : joinAlpha(picture, takeRed(await read(mask.key)))
    if (settings.module === POSE_PREPROCESSOR.name) {
      const poses = await runPosePreprocessor(source, settings, settings, models)
      poseJson.push(poses.json)
      files.push(await encodeFile(poses.picture, required(job.output), []))
    } else {
      const made = showMap(await runPreprocessor(source, settings, settings, models))
      files.push(await encodeFile(made, required(job.output), []))
    }
    // Messages (cancel) are heard between pictures only.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const kind = context.cancelled.aborted ? 'interrupted' : 'done'
  return { kind, result: JobResult.fromPartial({ poseJson }), files }
}
