import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { patchNetwork } from '../../denoise/inside/patch-network.ts'
import { ModelStore } from '../../models/model-store.ts'
import type { ModelValue } from '../../node-graph/node-context.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from '../../nodes/test-kit/call-node.ts'
import { maxDifference, openFixture, readCases, unpackTinyCheckpoint } from '../../test-kit.ts'

/** One call of the tiny SD1 UNet of the original, a node's patch on it, at a noise level. */
interface Case {
  readonly case: string
  readonly shape: string
  readonly node: string | null
  readonly args: Readonly<Record<string, NodeArgument>> & { readonly file?: string }
  readonly sigma: number
}

const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('unet-patches.safetensors', here))
const cases = readCases<Case>(new URL('unet-patches.jsonl', here))

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const hypernetworks = cases.flatMap(({ args: { file } }) => (file === undefined ? [] : [file]))
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([
  ModelFile.fromPartial({ ...checkpoint, path: unpackTinyCheckpoint() }),
  ...hypernetworks.map((name) =>
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_HYPERNETWORK, name, identity: name },
      path: new URL(name, here).pathname,
    }),
  ),
])
const context = { ...networkContext(null as never), models }
afterAll(() => models.clear())

async function predict({ shape, node, args: { file, ...args }, sigma }: Case) {
  const model = new NodeValue({ checkpoint } satisfies ModelValue)
  const name = file === undefined ? {} : { hypernetwork_name: file }
  const patched =
    node === null ? model.value : (await callNode(node, { model, ...name, ...args }, context))[0]
  const use = await models.useCheckpoint(checkpoint)
  const network = patchNetwork(use.value.model.predict, (patched as ModelValue).patches?.inside ?? [])
  const output = await network({
    latent: recorded.tensor(`${shape}.x`),
    timesteps: recorded.tensor(`${shape}.timesteps`).data,
    context: recorded.tensor(`${shape}.context`),
    sigma,
  })
  use.done()
  return output
}

describe('a UNet that nodes change', () => {
  it.each(cases)('$case predicts what the original does', async (recordedCase) => {
    const difference = maxDifference(await predict(recordedCase), recorded.tensor(`${recordedCase.case}.out`))
    expect(difference).toBeLessThan(3e-5)
  })

  it('differs from the one that is left alone', () => {
    const changed = cases.filter(({ case: name }) => !name.startsWith('plain') && !name.includes('over'))
    for (const { case: name, shape } of changed) {
      const plain = recorded.tensor(`plain_${shape}.out`)
      expect(maxDifference(recorded.tensor(`${name}.out`), plain), name).toBeGreaterThan(1e-4)
    }
  })
})
