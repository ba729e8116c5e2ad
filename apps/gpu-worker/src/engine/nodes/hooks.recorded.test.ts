import { writeFileSync } from 'node:fs'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { ADAPTERS } from '../adapters/test-kit.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import type { HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import { ModelStore } from '../models/model-store.ts'
import type { ClipValue, LatentValue, ModelValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// Latents that ComfyUI's own nodes sampled with the tiny SD1 checkpoint: euler, normal, seed 7, guidance 4.
const recorded = openFixture(new URL('__fixtures__/hooks.safetensors', import.meta.url))

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})

/** Writes the tiny checkpoint's like whose matrices, but for those of the autoencoder, are smaller. */
function writeSmaller(path: string): string {
  const file = readSafetensors(path)
  const tensors = [...file.tensors.keys()].map((name) => {
    const { shape, data } = readTensor(file, name)
    const isSmaller = shape.length >= 2 && !name.startsWith('first_stage_model.')
    return [name, createTensor(shape, isSmaller ? data.map((value) => value * 0.875) : data)] as const
  })
  const smaller = path.replace('.safetensors', '.smaller.safetensors')
  writeFileSync(smaller, formatSafetensors(tensors, new Map()))
  return smaller
}

const tiny = unpackTinyCheckpoint()
const kind = ModelKind.MODEL_KIND_CHECKPOINT
models.setFiles([
  ModelFile.fromPartial({ ...checkpoint, path: tiny }),
  ModelFile.fromPartial({ kind, name: 'smaller.safetensors', identity: 'smaller', path: writeSmaller(tiny) }),
  ...['kohya', 'loha'].map((name) =>
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_LORA, name: `${name}.safetensors`, identity: name },
      path: new URL(`${name}.safetensors`, ADAPTERS).pathname,
    }),
  ),
])
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const context = { ...networkContext(null as never), models, texts }
afterAll(() => models.clear())

type Args = Readonly<Record<string, NodeArgument | undefined>>

async function call(className: string, args: Args): Promise<NodeValue> {
  const given = Object.entries(args).filter(([, value]) => value !== undefined)
  const named = Object.fromEntries(given) as Readonly<Record<string, NodeArgument>>
  return new NodeValue((await callNode(className, named, context))[0])
}

const model = new NodeValue({ checkpoint } satisfies ModelValue)
const clip = new NodeValue({ checkpoint } satisfies ClipValue)
const [prompt, negative] = ['a photo of a cat', 'blurry']

const encode = (text: string, by = clip) => call('CLIPTextEncode', { text, clip: by })
const lora = (name = 'kohya', strength_model = 0.8, strength_clip = 0.6) =>
  call('CreateHookLora', { lora_name: `${name}.safetensors`, strength_model, strength_clip })
const setKeyframes = (hooks: NodeValue, hook_kf: NodeValue) => call('SetHookKeyframes', { hooks, hook_kf })
const setClip = (hooks: NodeValue, schedule_clip = false, apply_to_conds = true) =>
  call('SetClipHooks', { clip, hooks, schedule_clip, apply_to_conds })
const setProperties = (cond_NEW: NodeValue, more: Args) =>
  call('ConditioningSetProperties', { cond_NEW, strength: 1, set_cond_area: 'default', ...more })
const combine = (conditioning_1: NodeValue, conditioning_2: NodeValue) =>
  call('ConditioningCombine', { conditioning_1, conditioning_2 })
const setDefault = (cond: NodeValue, cond_DEFAULT: NodeValue, hooks?: NodeValue) =>
  call('ConditioningSetDefaultCombine', { cond, cond_DEFAULT, hooks })
async function falling(): Promise<NodeValue> {
  const first = await call('CreateHookKeyframe', { strength_mult: 1, start_percent: 0 })
  return call('CreateHookKeyframe', { strength_mult: 0.2, start_percent: 0.6, prev_hook_kf: first })
}
const interpolated = (
  ends: readonly [number, number, number, number],
  interpolation: string,
  count: number,
) =>
  call('CreateHookKeyframesInterpolated', {
    ...{ strength_start: ends[0], strength_end: ends[1], start_percent: ends[2], end_percent: ends[3] },
    ...{ interpolation, keyframes_count: count, print_keyframes: false },
  })
const columns = (from: number, to: number, value: number) =>
  new NodeValue(
    createTensor(
      [1, 64, 64],
      Float32Array.from({ length: 4096 }, (_, i) => (i % 64 >= from && i % 64 < to ? value : 0)),
    ),
  )

interface Sampling {
  readonly positive: NodeValue
  readonly negative?: NodeValue
  readonly steps?: number
  readonly model?: NodeValue
}

/** What a case samples, by its name in the recording. */
const CASES: Readonly<Record<string, () => Promise<Sampling>>> = {
  plain: async () => ({ positive: await encode(prompt) }),
  model_only: async () => ({
    positive: await setProperties(await encode(prompt), { hooks: await lora() }),
  }),
  clip_and_conds: async () => encodeBoth(await setClip(await lora())),
  clip_alone: async () => encodeBoth(await setClip(await lora(), false, false)),
  keyframes: async () => ({
    ...(await encodeBoth(await setClip(await setKeyframes(await lora(), await falling())))),
    steps: 6,
  }),
  scheduled: async () => ({
    ...(await encodeBoth(await setClip(await setKeyframes(await lora(), await falling()), true))),
    steps: 6,
  }),
  eased: async () => {
    const hooks = await setKeyframes(await lora(), await interpolated([0, 1, 0, 1], 'ease_in_out', 4))
    return { positive: await setProperties(await encode(prompt), { hooks }), steps: 6 }
  },
  combined: async () => {
    const hooks = await call('CombineHooks2', {
      hooks_A: await lora(),
      hooks_B: await lora('loha', 0.5, 0.5),
    })
    return { positive: await setProperties(await encode(prompt), { hooks }) }
  },
  masked: async () => {
    const hooks = await lora()
    const first = await setProperties(await encode(prompt), { hooks, mask: columns(0, 24, 1) })
    const second = await setProperties(await encode('a dog'), { mask: columns(24, 64, 0.7) })
    const rest = await lora('loha', 0.7, 0)
    return { positive: await setDefault(await combine(first, second), await encode('a tree'), rest) }
  },
  masked_default: async () => {
    const first = await setProperties(await encode(prompt), { hooks: await lora(), mask: columns(0, 24, 1) })
    return { positive: await setDefault(first, await encode('a tree')) }
  },
  model_as_lora: async () => {
    const args = { ckpt_name: 'smaller.safetensors', strength_model: 0.7, strength_clip: 0.5 }
    return encodeBoth(await setClip(await call('CreateHookModelAsLora', args)))
  },
  model_on_a_lora: async () => {
    const args = { ckpt_name: 'smaller.safetensors', strength_model: -0.6 }
    const hooks = await call('CreateHookModelAsLoraModelOnly', args)
    const own = { model, lora_name: 'loha.safetensors', strength_model: 0.4 }
    return {
      positive: await setProperties(await encode(prompt), { hooks }),
      model: await call('LoraLoaderModelOnly', own),
    }
  },
  on_a_lora: async () => {
    const late = { hooks: await lora(), timesteps: new NodeValue([0.2, 1]) }
    const first = await setProperties(await encode(prompt), late)
    const second = await setProperties(await encode(prompt), { timesteps: new NodeValue([0, 0.2]) })
    const own = { model, lora_name: 'loha.safetensors', strength_model: 0.4 }
    return {
      positive: await combine(first, second),
      steps: 5,
      model: await call('LoraLoaderModelOnly', own),
    }
  },
}

async function encodeBoth(by: NodeValue): Promise<Sampling> {
  return { positive: await encode(prompt, by), negative: await encode(negative, by) }
}

describe('hooks of conditionings', () => {
  it.each(Object.entries(CASES))('sample what the original does: %s', async (name, prepare) => {
    const { steps = 4, ...given } = await prepare()
    const latent: LatentValue = { samples: createTensor([1, 4, 8, 8]) }
    const sampled = await call('KSampler', {
      ...{ model, negative: await encode(negative), ...given, latent_image: new NodeValue(latent) },
      ...{ seed: 7, steps, cfg: 4, denoise: 1, sampler_name: 'euler', scheduler: 'normal' },
    })
    const want = recorded.tensor(name)
    const scale = Math.max(...want.data.map(Math.abs))
    expect(maxDifference((sampled.value as LatentValue).samples, want) / scale).toBeLessThan(2e-5)
  })

  it('are different from one another', () => {
    const names = Object.keys(CASES)
    for (const [index, name] of names.entries())
      for (const other of names.slice(0, index))
        expect(
          maxDifference(recorded.tensor(name), recorded.tensor(other)),
          `${name} ${other}`,
        ).toBeGreaterThan(0.05)
  })
})

describe('keyframes of hooks', () => {
  it.each([
    ['linear', [0.1, 0.4, 0.7, 1, 1.3]],
    ['ease_in', [0.1, 0.175, 0.4, 0.775, 1.3]],
    ['ease_out', [0.1, 0.625, 1, 1.225, 1.3]],
    ['ease_in_out', [0.1, 0.27573594, 0.7, 1.12426412, 1.3]],
  ])('go from one strength to another: %s', async (interpolation, strengths) => {
    const { value } = await interpolated([0.1, 1.3, 0.1, 0.9], interpolation, 5)
    const keyframes = value as readonly HookKeyframe[]
    for (const [index, { strength, startPercent }] of keyframes.entries()) {
      expect(strength).toBeCloseTo(strengths[index]!, 6)
      expect(startPercent).toBeCloseTo(0.1 + 0.2 * index, 6)
    }
    expect(keyframes.map(({ guaranteeSteps }) => guaranteeSteps)).toEqual([1, 0, 0, 0, 0])
  })

  it('are sorted by their start', async () => {
    const late = await call('CreateHookKeyframe', { strength_mult: 2, start_percent: 0.5 })
    const args = { strength_mult: 1, start_percent: 0.2, prev_hook_kf: late }
    const { value } = await call('CreateHookKeyframe', args)
    expect((value as readonly HookKeyframe[]).map(({ strength }) => strength)).toEqual([1, 2])
  })
})
