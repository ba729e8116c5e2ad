import type { ModelRef } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../models/load-model.ts'
import type { ConditioningValue, LatentValue, NodeContext } from '../node-graph/node-context.ts'
import { mapTensor } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, TEST_SESSION, unpackTinyCheckpoint, unpackVariant } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { callNode, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// Reference: ComfyUI's nodes on the tiny SD1 and its variants. Whole samplings: 2e-2; encoded pictures, flat grey parts
// among them: 5e-5.
const recorded = openFixture(new URL('__fixtures__/inpaint.safetensors', import.meta.url))
const variant = (name: string) => new URL(`../models/__fixtures__/${name}.safetensors`, import.meta.url)
const open = (name: string, path: string) => loadCheckpoint(path, name, TEST_SESSION)
const loaded = {
  sd1: open('sd1', unpackTinyCheckpoint()),
  'sd1-inpaint': open('sd1-inpaint', unpackVariant(variant('sd1-inpaint'))),
  'sd1-pix2pix': open('sd1-pix2pix', unpackVariant(variant('sd1-pix2pix'))),
}
type Name = keyof typeof loaded
const context = {
  nodeId: '1',
  job: { cancelled: new AbortController().signal, job: {}, tell: () => undefined },
  models: {
    useCheckpoint: async ({ name }: ModelRef) => ({
      value: { ...loaded[name as Name].value, remarks: [] },
      done: () => undefined,
    }),
  },
  texts: new TextModels({ webui: () => new Map(), comfy: () => undefined }),
  advance: () => undefined,
  remark: () => undefined,
} as unknown as NodeContext
const run = (className: string, args: Readonly<Record<string, unknown>>) => {
  const wrapped = Object.entries(args).map(([name, value]): [string, NodeArgument] => [
    name,
    typeof value === 'object' ? new NodeValue(value) : (value as NodeArgument),
  ])
  return callNode(className, Object.fromEntries(wrapped), context)
}
const checkpoint = (name: Name) => ({ checkpoint: { name } })
const encode = async (text: string) =>
  (await run('CLIPTextEncode', { clip: checkpoint('sd1'), text }))[0] as ConditioningValue
const [positive, negative] = [
  await encode('a photo of a cat on a chair'),
  await encode('blurry, low quality'),
]
const pictureOf = (name: string) => mapTensor(recorded.tensor(`${name}.pixels_u8`), (value) => value / 255)
const sample = async (
  model: Name,
  seed: number,
  [first, second]: readonly unknown[],
  latent: unknown,
): Promise<Tensor> => {
  const [sampled] = await run('KSampler', {
    ...{ model: checkpoint(model), seed, steps: 6, cfg: 7, denoise: 1 },
    ...{
      sampler_name: 'euler',
      scheduler: 'normal',
      positive: first,
      negative: second,
      latent_image: latent,
    },
  })
  return (sampled as LatentValue).samples
}
afterAll(() => Promise.all(Object.values(loaded).map(({ release }) => release())))

describe('an inpainting model', () => {
  const given = () => ({
    ...{
      vae: checkpoint('sd1'),
      pixels: pictureOf('sd1_inpaint'),
      mask: recorded.tensor('sd1_inpaint.mask'),
    },
  })

  it('is shown the picture outside the mask, and samples as in the original', async () => {
    const [first, second, latent] = (await run('InpaintModelConditioning', {
      ...{ positive, negative, ...given(), noise_mask: true },
    })) as [ConditioningValue, ConditioningValue, LatentValue]
    expect(maxDifference(first[0]!.concatLatent!, recorded.tensor('sd1_inpaint.concat_latent'))).toBeLessThan(
      5e-5,
    )
    expect(maxDifference(latent.samples, recorded.tensor('sd1_inpaint.latent_in'))).toBeLessThan(5e-5)
    const sampled = await sample('sd1-inpaint', 33, [first, second], latent)
    expect(maxDifference(sampled, recorded.tensor('sd1_inpaint.latent_out'))).toBeLessThan(2e-2)
  })

  it('has no noise mask where none is asked for', async () => {
    const [, , latent] = await run('InpaintModelConditioning', {
      ...{ positive, negative, ...given(), noise_mask: false },
    })
    expect(latent).not.toHaveProperty('noiseMask')
  })

  it('takes the latent’s own mask and picture (VAEEncodeForInpaint)', async () => {
    const [latent] = await run('VAEEncodeForInpaint', { ...given(), grow_mask_by: 4 })
    const sampled = await sample('sd1-inpaint', 36, [positive, negative], latent)
    expect(maxDifference(sampled, recorded.tensor('sd1_inpaint_encode_for_inpaint.latent_out'))).toBeLessThan(
      2e-2,
    )
  })

  it('draws everything where it is shown nothing', async () => {
    const latent = { samples: createTensor([1, 4, 8, 8]) }
    const sampled = await sample('sd1-inpaint', 35, [positive, negative], latent)
    expect(maxDifference(sampled, recorded.tensor('sd1_inpaint_without_image.latent_out'))).toBeLessThan(2e-2)
  })
})

describe('a mask that is grown for inpainting', () => {
  const dot = createTensor([1, 16, 16])
  dot.data[8 * 16 + 8] = 1
  const grow = async (by: number) => {
    const pixels = createTensor([1, 16, 16, 3])
    const args = { vae: checkpoint('sd1'), pixels, mask: dot, grow_mask_by: by }
    const [latent] = (await run('VAEEncodeForInpaint', args)) as [LatentValue]
    const drawn = [...latent.noiseMask!.data.keys()].filter((i) => latent.noiseMask!.data[i] === 1)
    return [...new Set(drawn.map((i) => i % 16))]
  }

  // A box of that side; where it is even its centre lies right of the middle, as torch pads it.
  it.each([
    [0, [8]],
    [1, [8]],
    [3, [7, 8, 9]],
    [4, [7, 8, 9, 10]],
  ])('by %d reaches columns %j', async (by, columns) => {
    expect(await grow(by)).toEqual(columns)
  })
})

describe('a model that edits pictures', () => {
  it('is shown the picture unscaled, and samples as in the original', async () => {
    const [first, second, latent] = await run('InstructPixToPixConditioning', {
      ...{ positive, negative, vae: checkpoint('sd1'), pixels: pictureOf('sd1_pix2pix') },
    })
    const sampled = await sample('sd1-pix2pix', 37, [first, second], latent)
    expect(maxDifference(sampled, recorded.tensor('sd1_pix2pix.latent_out'))).toBeLessThan(2e-2)
  })
})
