import { describe, expect, it } from 'vitest'
import { detectModel } from './detect-model.ts'
import { nameSdxl, nameUnet, sketchFile, type Shapes, type UnetSketch } from './sketch-model.ts'

// Structures of the published checkpoints (their configuration files), and others of the same kinds.
const SD1: UnetSketch = {
  ...{ width: 320, levels: [320, 640, 1280, 1280], depths: [1, 1, 1, 0], middle: 1, context: 768 },
  ...{ inputs: 4, isLinear: false },
}
const SD2: UnetSketch = { ...SD1, context: 1024, isLinear: true }
const SDXL: UnetSketch = {
  ...{ width: 320, levels: [320, 640, 1280], depths: [0, 2, 10], middle: 10, context: 2048 },
  ...{ inputs: 4, isLinear: true, label: 2816 },
}
const REFINER: UnetSketch = {
  ...{ width: 384, levels: [384, 768, 1536, 1536], depths: [0, 4, 4, 0], middle: 4, context: 1280 },
  ...{ inputs: 4, isLinear: true, label: 2560 },
}
const CLIP = 'cond_stage_model.transformer.text_model.'
const textOf = (prefix: string, width: number): Shapes => ({
  [`${prefix}embeddings.token_embedding.weight`]: [49408, width],
  [`${prefix}encoder.layers.0.layer_norm1.weight`]: [width],
})
const openClipOf = (prefix: string, width: number): Shapes => ({
  [`${prefix}token_embedding.weight`]: [49408, width],
  [`${prefix}transformer.resblocks.0.ln_1.weight`]: [width],
})
const detect = (...parts: Shapes[]) => detectModel(sketchFile(Object.assign({}, ...parts) as Shapes))

describe('detectModel', () => {
  it('knows SD1 by its convolutional projections', () => {
    const found = detect(nameUnet(SD1), textOf(CLIP, 768))
    expect(found).toMatchObject({
      family: 'sd1',
      prediction: 'epsilon',
      schedule: { kind: 'scaled-linear' },
      unet: { inChannels: 4, modelChannels: 320, contextWidth: 768, labelWidth: 0, middleDepth: 1 },
      textEncoders: [{ key: 'clip_l', layout: 'transformers', defaultLayer: 1, finalNorm: true }],
    })
    expect(found.unet.levels.map(({ depths }) => depths)).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [0, 0],
    ])
    expect(found.unet.outputDepths).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  })

  it('finds the encoder of old merges, whose names lack a part', () => {
    const found = detect(nameUnet(SD1), textOf('cond_stage_model.transformer.', 768))
    expect(found.textEncoders[0]?.prefix).toBe('cond_stage_model.transformer.')
  })

  it('knows SD2 by its linear projections, and takes its encoder one layer before the last', () => {
    expect(detect(nameUnet(SD2), openClipOf('cond_stage_model.model.', 1024))).toMatchObject({
      family: 'sd2',
      textEncoders: [
        { key: 'clip_h', layout: 'openclip', activation: 'gelu', defaultLayer: 2, finalNorm: true },
      ],
    })
  })

  it('knows SDXL and its refiner by their labels and encoders', () => {
    expect(detect(nameSdxl(SDXL, [768, 1280]))).toMatchObject({
      family: 'sdxl',
      unet: { labelWidth: 2816, middleDepth: 10 },
      textEncoders: [
        { key: 'clip_l', activation: 'quick-gelu', defaultLayer: 2, finalNorm: false },
        { key: 'clip_g', activation: 'gelu', defaultLayer: 2, finalNorm: false },
      ],
    })
    expect(detect(nameUnet(REFINER), openClipOf('conditioner.embedders.0.model.', 1280))).toMatchObject({
      family: 'sdxl-refiner',
      textEncoders: [{ key: 'clip_g', layout: 'openclip' }],
    })
  })

  it.each([
    [
      'a base',
      { ...SDXL, width: 96, levels: [96, 192], depths: [0, 3], context: 256 + 512, label: 512 + 1536 },
      'sdxl',
    ],
    [
      'a refiner',
      { ...REFINER, width: 64, levels: [64, 128, 128], depths: [0, 1, 0], context: 512, label: 512 + 1280 },
      'sdxl-refiner',
    ],
    ['an SD2', { ...SD2, width: 32, levels: [32, 32, 64], depths: [1, 1, 0], context: 128 }, 'sd2'],
  ] as const)('knows %s of other widths and levels without its encoders', (_, sketch, family) => {
    expect(detect(nameUnet(sketch, ''))).toMatchObject({ family, textEncoders: [], unet: { prefix: '' } })
  })

  it('tells a base from a refiner by its encoders where widths would mislead', () => {
    const sketch = { ...SDXL, context: 256 + 1280 }
    expect(detect(nameSdxl(sketch, [256, 1280])).family).toBe('sdxl')
  })

  it('takes an unCLIP for an SD2 that is told pictures', () => {
    expect(detect(nameUnet({ ...SD2, label: 2048 }))).toMatchObject({
      family: 'sd2',
      unet: { labelWidth: 2048 },
    })
  })

  it.each([8, 9])('takes UNets of %d channels', (inputs) => {
    expect(detect(nameUnet({ ...SD1, inputs }), textOf(CLIP, 768)).unet.inChannels).toBe(inputs)
  })

  it('reads small middles and uneven sides off the tensors (SSD-1B, KOALA)', () => {
    const small = nameUnet({ ...SDXL, levels: [320, 640, 1280], depths: [0, 2, 4], middle: 0 })
    expect(detect(small).unet).toMatchObject({ middleDepth: 0, outputDepths: [4, 4, 4, 2, 2, 2, 0, 0, 0] })
  })

  it.each<[string, Shapes, string]>([
    ['no UNet', { weight: [1] }, 'no Stable Diffusion checkpoint'],
    ['a depth model', nameUnet({ ...SD2, inputs: 5 }), 'takes 5 channels; known are 4, 8, 9'],
    ['an SD1 with a label', nameUnet({ ...SD1, label: 2048 }), 'a label of 2048 numbers'],
    ['an encoder of another width', { ...nameUnet(SD1), ...textOf(CLIP, 512) }, '512 wide together'],
  ])('refuses %s, naming the reason', (_, shapes, reason) => {
    expect(() => detect(shapes)).toThrow(reason)
  })
})

describe('what a model predicts', () => {
  const withMarkers = (
    markers: Readonly<Record<string, readonly number[]>>,
    base = nameSdxl(SDXL, [768, 1280]),
  ) => detectModel(sketchFile(base, markers))

  it.each<[Record<string, number[]>, object]>([
    [{ v_pred: [] }, { prediction: 'v', schedule: { kind: 'scaled-linear' } }],
    [
      { v_pred: [], ztsnr: [] },
      { prediction: 'v', schedule: { kind: 'zero-terminal' } },
    ],
    [{ ztsnr: [] }, { prediction: 'epsilon', schedule: { kind: 'scaled-linear' } }],
    [
      { 'edm_vpred.sigma_max': [120], 'edm_vpred.sigma_min': [0.5] },
      { prediction: 'v', schedule: { kind: 'continuous', sigmaMin: 0.5, sigmaMax: 120 } },
    ],
    [
      { 'edm_vpred.sigma_max': [80] },
      { prediction: 'v', schedule: { kind: 'continuous', sigmaMin: 0.002, sigmaMax: 80 } },
    ],
    [
      { edm_mean: [0, 0, 0, 0], edm_std: [1, 1, 1, 1] },
      { prediction: 'edm', schedule: { kind: 'continuous', sigmaMin: 0.002, sigmaMax: 80 } },
    ],
  ])('is read off marker tensors: %j', (markers, expected) => {
    expect(withMarkers(markers)).toMatchObject(expected)
  })

  const BIAS = 'model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias'
  it.each([
    [[0.1, -0.1, 0.1, -0.1], 4, 'v'],
    [[0.08, -0.08, 0.08, -0.08], 4, 'epsilon'],
    // A deviation, not a size.
    [[0.5, 0.5, 0.5, 0.5], 4, 'epsilon'],
    [[0.1, -0.1, 0.1, -0.1], 9, 'epsilon'],
  ])('is told by a late bias of SD2: %j with %d channels', (bias, inputs, prediction) => {
    expect(withMarkers({ [BIAS]: bias }, nameUnet({ ...SD2, inputs })).prediction).toBe(prediction)
  })

  it('is the noise for every SD1', () => {
    expect(withMarkers({ v_pred: [], [BIAS]: [1, -1] }, nameUnet(SD1)).prediction).toBe('epsilon')
  })
})
