import { ModelFile, ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { GatewayDeps } from '../../deps.ts'
import { readChoiceLists } from './choice-lists.ts'

const file = (kind: ModelKind, name: string, unusableReason = '') =>
  ModelFile.fromPartial({ kind, name, unusableReason })

async function listVaes(files: readonly ModelFile[]): Promise<readonly string[]> {
  const models = { list: (kind: ModelKind) => files.filter((one) => one.kind === kind) }
  const lists = await readChoiceLists({ models } as unknown as GatewayDeps, 'tenant', false)
  return lists('vae')
}

describe('the list of autoencoders', () => {
  const TINY = ModelKind.MODEL_KIND_TINY_VAE
  const vae = file(ModelKind.MODEL_KIND_VAE, 'tiny_vae.safetensors')

  it('ends with the one that is none', async () => {
    expect(await listVaes([vae])).toEqual(['tiny_vae.safetensors', 'pixel_space'])
  })

  it('names tiny autoencoders of which both files are there, in any form', async () => {
    const halves = [file(TINY, 'taesd_encoder.pth'), file(TINY, 'taesd_decoder.safetensors')]
    const half = file(TINY, 'taesdxl_decoder.pth')
    expect(await listVaes([vae, ...halves, half])).toEqual(['tiny_vae.safetensors', 'taesd', 'pixel_space'])
  })

  it('leaves out those with a file that cannot be used', async () => {
    const halves = [file(TINY, 'taesd_encoder.pth', 'broken'), file(TINY, 'taesd_decoder.pth')]
    expect(await listVaes(halves)).toEqual(['pixel_space'])
  })
})
