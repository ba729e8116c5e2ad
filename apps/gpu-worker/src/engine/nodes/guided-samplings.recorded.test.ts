import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue, LatentValue, ModelValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, readCases, unpackTinyCheckpoint } from '../test-kit.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

/** Four steps of KSampler (euler, normal) of the original on the tiny SD1 checkpoint, a node's patch on it. */
interface Case {
  readonly case: string
  readonly node: string | null
  readonly args: Readonly<Record<string, NodeArgument>> & {
    readonly free_u?: Readonly<Record<string, number>>
  }
  readonly cfg: number
  readonly size: readonly [height: number, width: number]
  readonly batch: number
  readonly seed: number
}

const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('guided-samplings.safetensors', here))
const cases = readCases<Case>(new URL('guided-samplings.jsonl', here))
const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([ModelFile.fromPartial({ ...checkpoint, path: unpackTinyCheckpoint() })])
const context = { ...networkContext(null as never), models }
afterAll(() => models.clear())

const conditioning = (name: string) =>
  new NodeValue([{ tokens: recorded.tensor(name), pooled: undefined }] as unknown as ConditioningValue)

async function patchModel({ node, args }: Case): Promise<NodeValue> {
  const plain = new NodeValue({ checkpoint } satisfies ModelValue)
  if (node === null) return plain
  const { free_u: factors, ...own } = args
  const model =
    factors === undefined
      ? plain
      : new NodeValue((await callNode('FreeU', { model: plain, ...factors }, context))[0])
  const empty = node === 'PerpNeg' ? { empty_conditioning: conditioning('empty') } : {}
  return new NodeValue((await callNode(node, { model, ...empty, ...own }, context))[0])
}

describe('guidance that looks inside the network', () => {
  it.each(cases)('$case samples what the original does', async (recordedCase) => {
    const [height, width] = recordedCase.size
    const latent: LatentValue = { samples: createTensor([recordedCase.batch, 4, height / 8, width / 8]) }
    const [sampled] = await callNode(
      'KSampler',
      {
        model: await patchModel(recordedCase),
        ...{ positive: conditioning('positive'), negative: conditioning('negative') },
        latent_image: new NodeValue(latent),
        ...{ seed: recordedCase.seed, steps: 4, cfg: recordedCase.cfg, denoise: 1 },
        ...{ sampler_name: 'euler', scheduler: 'normal' },
      },
      context,
    )
    const difference = maxDifference(
      (sampled as LatentValue).samples,
      recorded.tensor(`${recordedCase.case}.latent`),
    )
    expect(difference).toBeLessThan(2e-2)
  })
})
