import { ControlMapJob, ImageFormat, Job, ModelKind, type ModelRef } from '@atelier/proto'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { JobContext } from '../job-context.ts'
import type { ModelStore } from '../models/model-store.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { runControlMaps } from './run-control-maps.ts'

const file = (name: string): ModelRef => ({
  kind: ModelKind.MODEL_KIND_PREPROCESSOR,
  ...{ name, identity: name },
})

/** Networks by the names of their files, and what they answer. */
function storeOf(answers: Readonly<Record<string, readonly Tensor[]>>): ModelStore {
  return {
    usePreprocessor: async ({ name }: ModelRef) => ({
      value: {
        size: async () => undefined,
        run: async () => answers[name]![0]!,
        runAll: async () => answers[name]!,
      },
      done: () => undefined,
    }),
  } as unknown as ModelStore
}

/** Every joint in the middle of its frame. */
function middle(width: number): Tensor {
  const answer = createTensor([1, 133, width])
  for (let joint = 0; joint < 133; joint += 1) answer.data[joint * width + width / 2] = 1
  return answer
}

describe('control maps of poses', () => {
  it('tell the poses of each picture beside it', async () => {
    const seen = createTensor([1, 8400, 85])
    // Something, but nobody: the whole picture is looked at.
    seen.data[4] = 0.9
    seen.data[12] = 0.9
    const store = storeOf({ people: [seen], joints: [middle(576), middle(768)] })
    const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#444' } })
      .png()
      .toBuffer()
    const job = ControlMapJob.fromPartial({
      pictures: [{ image: { key: 'a' } }, { image: { key: 'a' } }],
      preprocessing: {
        ...{ module: 'dw_openpose_full', resolution: 64 },
        ...{ network: file('joints'), detector: file('people') },
      },
      output: { format: ImageFormat.IMAGE_FORMAT_PNG },
    })
    const context: JobContext = {
      job: Job.fromPartial({ id: 'job', kind: { $case: 'controlMap', value: job } }),
      ...{ inputs: new Map([['a', picture]]), cancelled: new AbortController().signal },
      ...{ takeSkip: () => false, finishPixels: (pixels) => pixels, tell: () => undefined },
      ...{ sendEarly: () => undefined, allocate: async () => 1 },
    }
    const outcome = await runControlMaps(job, context, store)
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
    expect(outcome.files).toHaveLength(2)
    expect(outcome.result.poseJson).toHaveLength(2)
    const pose = JSON.parse(outcome.result.poseJson[0]!) as {
      people: { pose_keypoints_2d: number[] }[]
    }
    expect(pose.people[0]!.pose_keypoints_2d.slice(0, 3).map(Math.round)).toEqual([32, 32, 1])
  })
})
