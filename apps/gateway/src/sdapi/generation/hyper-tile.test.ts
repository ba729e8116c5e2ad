import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import type { Options } from '../options/options-store.ts'
import { openTestGateway } from '../test-kit/test-gateway.ts'
import { toHyperTile } from './hyper-tile.ts'

const checkpoint = ModelFile.fromPartial({
  ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', identity: 'a' },
})
const gateway = await openTestGateway({ models: [checkpoint] })
afterAll(() => gateway.close())

const tell = async (options: object, request: object = {}) => {
  const small = { steps: 2, width: 64, height: 64, seed: 1, override_settings: options }
  const answer = await gateway.request('POST', '/sdapi/v1/txt2img', { ...small, ...request })
  const { info } = (await answer.json()) as { info: string }
  return JSON.parse(info) as { infotexts: string[]; extra_generation_params: object }
}

// The names and their order are those of A1111 1.10.1's hypertile_script.py.
describe('options of Hypertile', () => {
  it('are told where they are on, those that are as at first as null', async () => {
    const { infotexts, extra_generation_params } = await tell({
      ...{ hypertile_enable_unet: true, hypertile_max_tile_unet: 128 },
      ...{ hypertile_enable_vae: true, hypertile_swap_size_vae: 5 },
    })
    expect(infotexts[0]).toContain(
      ', Hypertile U-Net: True, Hypertile U-Net max tile size: 128, Hypertile VAE: True, Hypertile VAE swap size: 5, Version',
    )
    expect(extra_generation_params).toEqual({
      'Hypertile U-Net': true,
      'Hypertile U-Net max depth': null,
      'Hypertile U-Net max tile size': 128,
      'Hypertile U-Net swap size': null,
      'Hypertile VAE': true,
      'Hypertile VAE max depth': null,
      'Hypertile VAE max tile size': null,
      'Hypertile VAE swap size': 5,
    })
  })

  it('of the second pass are told where there is one, and the first is whole', async () => {
    const options = { hypertile_enable_unet_secondpass: true, hypertile_max_depth_unet: 1 }
    const hires = { enable_hr: true, denoising_strength: 0.5 }
    const text = ', Hypertile U-Net second pass: True, Hypertile U-Net max depth: 1'
    expect((await tell(options, hires)).infotexts[0]).toContain(text)
    expect((await tell(options)).infotexts[0]).not.toContain('Hypertile')
    const both = await tell({ ...options, hypertile_enable_unet: true }, hires)
    expect(both.infotexts[0]).not.toContain('second pass: True')
  })

  it('are read from infotexts', async () => {
    const infotext = 'a cat\nSteps: 2, Sampler: Euler, Hypertile U-Net: True, Hypertile U-Net max depth: 2'
    const { infotexts } = await tell({}, { infotext })
    expect(infotexts[0]).toContain('Hypertile U-Net: True, Hypertile U-Net max depth: 2')
  })

  it('go into jobs where something is on, the first pass taking the second along', () => {
    const read = (options: Record<string, boolean | bigint>) =>
      toHyperTile({ options: new Map(Object.entries(options)) as Options })
    expect(read({ hypertile_max_depth_unet: 2n })).toBeUndefined()
    expect(read({ hypertile_enable_unet: true, hypertile_swap_size_unet: 0n })).toMatchObject({
      ...{ firstPass: true, secondPass: true, decoder: false, denoiserSwap: 1 },
    })
    expect(read({ hypertile_enable_unet_secondpass: true })).toMatchObject({
      ...{ firstPass: false, secondPass: true },
    })
  })
})
