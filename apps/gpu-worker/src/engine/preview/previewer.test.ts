import { fileURLToPath } from 'node:url'
import { ImageFormat, ModelFile, ModelKind, PreviewMethod, PreviewSettings } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelStore } from '../models/model-store.ts'
import { openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { checkPreviewFile } from './find-preview-file.ts'
import { createPreviewer } from './previewer.ts'

const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const latent = openFixture(fixture('previews.safetensors')).tensor('latent')
const { TINY_VAE, CHECKPOINT } = {
  TINY_VAE: ModelKind.MODEL_KIND_TINY_VAE,
  CHECKPOINT: ModelKind.MODEL_KIND_CHECKPOINT,
}

function openStore(names: Readonly<Record<string, string>>): ModelStore {
  const models = new ModelStore({
    session: { device: 'cpu', threads: 1 },
    ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
  })
  const files = Object.entries(names).map(([name, path]) =>
    ModelFile.fromPartial({ kind: TINY_VAE, name, identity: name, path }),
  )
  const checkpoint = { kind: CHECKPOINT, name: 'taesd_decoder.safetensors', path: unpackTinyCheckpoint() }
  models.setFiles([...files, ModelFile.fromPartial(checkpoint)])
  afterAll(() => models.clear())
  return models
}

const taesd = fileURLToPath(fixture('taesd_decoder.safetensors'))
const approximate = fileURLToPath(fixture('vaeapprox.pt'))
const MODEL = { family: 'sd1', latents: { factor: 0.18215 } } as const

async function sizeOf(
  method: PreviewMethod,
  names: Readonly<Record<string, string>>,
  {
    family = 'sd1',
    decodeWhole,
  }: { family?: 'sd1' | 'sdxl'; decodeWhole?: (x: Tensor) => Promise<Tensor> } = {},
): Promise<[number, number]> {
  const settings = PreviewSettings.fromPartial({
    method,
    everySteps: 1,
    format: ImageFormat.IMAGE_FORMAT_PNG,
  })
  const previewer = createPreviewer(settings, {
    models: openStore(names),
    model: { ...MODEL, family },
    ...(decodeWhole && { decodeWhole }),
  })
  const preview = await previewer.show(latent, { step: 1, nodeId: 'n' })
  const { width, height } = await sharp(preview!.data).metadata()
  expect(preview).toMatchObject({ width, height, step: 1, nodeId: 'n' })
  return [width, height]
}

// The latent is 12 x 8 cells: a linear map shows a pixel a cell, TAESD 8 x 8, "Approx NN" 2 x 2.
const [CELLS, TINY, APPROXIMATE] = [
  [12, 8],
  [96, 64],
  [24, 16],
]

describe('a previewer', () => {
  it('shows the latent’s colours where a network fails, which ends no job', async () => {
    const { PREVIEW_METHOD_TINY: tiny, PREVIEW_METHOD_FULL: whole } = PreviewMethod
    // A file of another kind of network.
    expect(await sizeOf(tiny, { 'taesd_decoder.safetensors': approximate })).toEqual(CELLS)
    const decodeWhole = () => Promise.reject(new Error('Failed to allocate memory'))
    expect(await sizeOf(whole, {}, { decodeWhole })).toEqual(CELLS)
  })

  it('decodes with TAESD where its file is there', async () => {
    const { PREVIEW_METHOD_TINY: method } = PreviewMethod
    expect(await sizeOf(method, { 'taesd_decoder.safetensors': taesd })).toEqual(TINY)
    expect(await sizeOf(method, { 'taesd_decoder.pth': taesd })).toEqual(TINY)
    expect(await sizeOf(method, { 'taesdxl_decoder.safetensors': taesd })).toEqual(CELLS)
    expect(await sizeOf(method, { 'taesdxl_decoder.safetensors': taesd }, { family: 'sdxl' })).toEqual(TINY)
    expect(await sizeOf(method, { 'taesd_decoder.pth': `${taesd}.gone` })).toEqual(CELLS)
    expect(await sizeOf(method, {})).toEqual(CELLS)
  })

  it('decodes with "Approx NN" where its file is there', async () => {
    const { PREVIEW_METHOD_APPROX_NETWORK: method } = PreviewMethod
    expect(await sizeOf(method, { 'model.pt': approximate })).toEqual(APPROXIMATE)
    expect(await sizeOf(method, { 'vaeapprox-sdxl.pt': approximate }, { family: 'sdxl' })).toEqual(
      APPROXIMATE,
    )
    expect(await sizeOf(method, { 'vaeapprox-sdxl.pt': approximate })).toEqual(CELLS)
  })

  it('decodes whole where the job can', async () => {
    const { PREVIEW_METHOD_FULL: method } = PreviewMethod
    const decodeWhole = async ({ shape }: Tensor) => createTensor([1, 3, 8 * shape[2]!, 8 * shape[3]!])
    expect(await sizeOf(method, {}, { decodeWhole })).toEqual(TINY)
    expect(await sizeOf(method, {})).toEqual(CELLS)
  })

  it('shows nothing between the steps that are wanted, and nothing where none is', async () => {
    const deps = { models: openStore({}), model: MODEL }
    const settings = PreviewSettings.fromPartial({ everySteps: 3 })
    const shown = []
    for (const step of [1, 2, 3, 4, 5, 6])
      if (await createPreviewer(settings, deps).show(latent, { step, nodeId: '' })) shown.push(step)
    expect(shown).toEqual([3, 6])
    expect(await createPreviewer(undefined, deps).show(latent, { step: 1, nodeId: '' })).toBeUndefined()
  })

  it('fits the longest side', async () => {
    const settings = PreviewSettings.fromPartial({ everySteps: 1, longestSide: 6 })
    const shown = await createPreviewer(settings, { models: openStore({}), model: MODEL }).show(latent, {
      ...{ step: 1, nodeId: '' },
    })
    expect(shown).toMatchObject({ width: 6, height: 4, format: ImageFormat.IMAGE_FORMAT_JPEG })
  })
})

describe('a store of models', () => {
  it('pairs the halves of a tiny autoencoder by name, and names the one that is missing', async () => {
    const encoder = fileURLToPath(fixture('taesd_encoder.safetensors'))
    const models = openStore({ 'taesd_encoder.safetensors': encoder, 'taesd_decoder.safetensors': taesd })
    const use = await models.useTinyVae('taesd')
    expect((await use.value.decode(latent)).shape).toEqual([2, 3, 64, 96])
    use.done()
    await expect(models.useTinyVae('taesdxl')).rejects.toThrow('taesdxl_encoder')
  })
})

describe('files of the preview folder', () => {
  const check = (name: string, path: string) => () => checkPreviewFile(name, readWeightFile(path))

  it('are refused when they are named as ours and hold something else', () => {
    expect(check('taesd_encoder.pth', taesd)).toThrow('encoder')
    expect(check('taesdxl_decoder.pth', approximate)).toThrow('decoder')
    expect(check('model.pt', taesd)).toThrow('approximate decoder')
  })

  it("are left alone when they are someone else's, or right", () => {
    expect(check('taef1_decoder.pth', taesd)).not.toThrow()
    expect(check('taesd_decoder.pth', taesd)).not.toThrow()
    expect(check('model.pt', approximate)).not.toThrow()
  })
})
