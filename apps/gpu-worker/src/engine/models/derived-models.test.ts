import { ModelFile, ModelKind, type ModelRef } from '@atelier/proto'
import { beforeEach, describe, expect, it } from 'vitest'
import { ADAPTERS } from '../adapters/test-kit.ts'
import { createTensor } from '../tensor/tensor.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import type { AdapterSet } from './derived-models.ts'
import type { AdapterRef } from './adapter-refs.ts'
import { ModelStore } from './model-store.ts'
import type { UsableCheckpoint } from './use-checkpoint.ts'

const CHECKPOINT = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny.safetensors', identity: 'tiny' }
const loraRef = (name: string): ModelRef => ({
  kind: ModelKind.MODEL_KIND_LORA,
  name,
  identity: `id of ${name}`,
})
const adapter = (name: string, denoiserStrength: number, textStrength = denoiserStrength): AdapterRef => ({
  ...{ file: loraRef(name), denoiserStrength, textStrength },
})
const set = (...refs: AdapterRef[]): AdapterSet => ({ flavour: 'webui', refs })

const path = unpackTinyCheckpoint()
const files = ['kohya', 'norm', 'boft'].map((name) =>
  ModelFile.fromPartial({ ...loraRef(name), path: new URL(`${name}.safetensors`, ADAPTERS).pathname }),
)

describe('derived models in a store', () => {
  let sessions: string[]
  let residents: readonly string[]
  const open = (budgetBytes: number) => {
    const session = {
      ...{ device: 'cpu', threads: 1 },
      // Counts what would be loaded: a network is known by the name of its output.
      open: ({ outputs }: { outputs: readonly { name: string }[] }) => {
        sessions.push(outputs[0]!.name === 'prediction' ? 'denoiser' : 'texts')
        return {
          run: async () => ({
            prediction: createTensor([1, 4, 8, 8]),
            normal_4: createTensor([1, 77, 64]),
            pooled: createTensor([1, 64]),
          }),
          release: async () => void sessions.push('released'),
        }
      },
    }
    const store = new ModelStore({
      ...{ session, budgetBytes, maxBatchElements: 2 ** 20 },
      onResidentsChanged: (keys) => (residents = keys),
    })
    store.setFiles([ModelFile.fromPartial({ ...CHECKPOINT, path }), ...files])
    return store
  }
  const call = async ({ model }: UsableCheckpoint) => {
    const context = createTensor([1, 77, 64])
    await model.predict({ latent: createTensor([1, 4, 8, 8]), timesteps: Float32Array.of(1), context })
    const tokens = [Array.from({ length: 77 }, () => 49407)]
    await model.textEncoders[0]!.encode({ tokens, vectors: [], layer: 1, finalNorm: true })
  }
  const use = async (store: ModelStore, adapters?: AdapterSet) => {
    const used = await store.useCheckpoint(CHECKPOINT, adapters)
    await call(used.value)
    used.done()
  }
  beforeEach(() => {
    sessions = []
    residents = []
  })

  it('are loaded once for a set, whoever uses it', async () => {
    const store = open(2 ** 30)
    await use(store, set(adapter('kohya', 0.8)))
    await use(store, set(adapter('kohya', 0.8)))
    expect(sessions).toEqual(['denoiser', 'texts'])
  })

  it('are others for another strength, another order or another set', async () => {
    const store = open(2 ** 30)
    for (const other of [
      set(adapter('kohya', 0.8)),
      set(adapter('kohya', 0.7)),
      set(adapter('kohya', 0.8), adapter('boft', 1)),
      set(adapter('boft', 1), adapter('kohya', 0.8)),
      { ...set(adapter('kohya', 0.8)), flavour: 'comfy' as const },
    ])
      await use(store, other)
    expect(sessions.filter((name) => name === 'denoiser')).toHaveLength(5)
  })

  it('share what a set leaves alone with the checkpoint', async () => {
    const store = open(2 ** 30)
    await use(store)
    expect(sessions).toEqual(['denoiser', 'texts'])
    await use(store, set(adapter('kohya', 0.8, 0)))
    await use(store, set(adapter('norm', 0.8)))
    expect(sessions).toEqual(['denoiser', 'texts', 'denoiser', 'denoiser'])
    await use(store, set(adapter('kohya', 0, 0.8)))
    expect(sessions.slice(4)).toEqual(['texts'])
    await use(store, set(adapter('kohya', 0, 0)))
    expect(sessions).toHaveLength(5)
  })

  it('share text encoders with a set that changes the denoiser besides', async () => {
    const store = open(2 ** 30)
    await use(store, set(adapter('kohya', 0.8)))
    await use(store, set(adapter('kohya', 0.8), adapter('norm', 1)))
    expect(sessions).toEqual(['denoiser', 'texts', 'denoiser'])
  })

  it('leave when the budget is short, the least recently used first', async () => {
    const store = open(1)
    await use(store, set(adapter('kohya', 0.8, 0)))
    await use(store, set(adapter('kohya', 0.5, 0)))
    expect(sessions.filter((name) => name === 'released').length).toBeGreaterThan(0)
    expect(residents.filter((key) => key.includes('denoiser'))).toEqual([
      'tiny denoiser webui id of kohya@0.5',
    ])
  })

  it('are not loaded by a job that only encodes and decodes', async () => {
    const store = open(2 ** 30)
    const used = await store.useCheckpoint(CHECKPOINT)
    used.done()
    expect(sessions).toEqual([])
    expect(residents).toEqual(['tiny'])
  })
})
