import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { CheckpointError } from './checkpoint-error.ts'
import { readSafetensors } from './safetensors.ts'
import { openTextEncoderFile, openUnetFile, openVaeFile } from './separate-files.ts'
import { writeTensors } from './test-kit.ts'

const single = unpackTinyCheckpoint()
const checkpoint = readSafetensors(single)
const recorded = JSON.parse(
  readFileSync(new URL('diffusers/__fixtures__/names.json', import.meta.url), 'utf8'),
) as { sdxl: { vae: Record<string, string> } }

/** A file of the checkpoint's tensors below a prefix, that prefix replaced. */
function cut(prefix: string, replacement = ''): string {
  const path = join(mkdtempSync(join(tmpdir(), 'part-')), 'part.safetensors')
  const names = [...checkpoint.tensors.keys()].filter((name) => name.startsWith(prefix))
  writeTensors(
    path,
    checkpoint,
    new Map(names.map((name) => [replacement + name.slice(prefix.length), name])),
  )
  return path
}

describe('openVaeFile', () => {
  it.each(['', 'first_stage_model.', 'vae.'])('finds an autoencoder below "%s"', (prefix) => {
    expect(openVaeFile(cut('first_stage_model.', prefix)).config).toMatchObject({ prefix, latentChannels: 4 })
  })

  it("finds an autoencoder under Diffusers' names", () => {
    const path = join(mkdtempSync(join(tmpdir(), 'vae-')), 'vae.safetensors')
    const names = Object.entries(recorded.sdxl.vae).map(
      ([name, from]) => [name, `first_stage_model.${from}`] as const,
    )
    writeTensors(path, checkpoint, new Map(names))
    const { file, config } = openVaeFile(path)
    expect(config).toEqual(openVaeFile(cut('first_stage_model.')).config)
    expect(file.tensors.get('decoder.mid.attn_1.q.weight')?.shape).toEqual([64, 64, 1, 1])
  })

  it('refuses a file without one', () => {
    expect(() => openVaeFile(cut('cond_stage_model.'))).toThrow('it holds no autoencoder')
  })
})

describe('openUnetFile', () => {
  it.each(['', 'model.diffusion_model.'])('finds a UNet below "%s"', (prefix) => {
    const { detected } = openUnetFile(cut('model.diffusion_model.', prefix))
    expect(detected).toMatchObject({ family: 'sd1', textEncoders: [], unet: { prefix, contextWidth: 64 } })
  })

  it('refuses a file without one', () => {
    expect(() => openUnetFile(cut('first_stage_model.'))).toThrow(CheckpointError)
  })
})

describe('openTextEncoderFile', () => {
  it.each(['text_model.', '', 'transformer.text_model.'])('finds a text encoder below "%s"', (prefix) => {
    const { config } = openTextEncoderFile(cut('cond_stage_model.transformer.text_model.', prefix))
    expect(config).toMatchObject({ key: 'clip_l', layers: 4, width: 64, activation: 'quick-gelu', prefix })
  })

  // SD2 uses the last but one of 24 layers; Diffusers saves its encoder without the last.
  it.each([
    [24, 2],
    [23, 1],
  ])('takes an encoder of %d layers for SD2’s, and layer %d from its end', (layers, defaultLayer) => {
    const path = join(mkdtempSync(join(tmpdir(), 'part-')), 'deep.safetensors')
    const prefix = 'cond_stage_model.transformer.'
    const own = [...checkpoint.tensors.keys()].filter((name) => name.startsWith(prefix))
    const names = new Map(own.map((name) => [name.slice(prefix.length), name]))
    for (const name of own.filter((tensor) => tensor.includes('layers.3.')))
      for (let layer = 4; layer < layers; layer += 1)
        names.set(name.slice(prefix.length).replace('layers.3.', `layers.${layer}.`), name)
    writeTensors(path, checkpoint, names)
    const { config } = openTextEncoderFile(path)
    expect(config).toMatchObject({ key: 'clip_h', layers, defaultLayer, finalNorm: true, activation: 'gelu' })
  })

  it('refuses a file without one', () => {
    expect(() => openTextEncoderFile(cut('first_stage_model.'))).toThrow('no text encoder')
  })
})
