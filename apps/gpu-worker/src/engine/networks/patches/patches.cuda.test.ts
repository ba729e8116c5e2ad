import { describe, expect, it } from 'vitest'
import { detectUnet } from '../../checkpoint/detect-unet.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import type { PredictionNetwork } from '../../denoise/guidance.ts'
import { patchNetwork, type InsidePatch } from '../../denoise/inside/patch-network.ts'
import { createDownscale } from '../../network-patches/downscale.ts'
import { createFreeU } from '../../network-patches/free-u.ts'
import { createHyperTile } from '../../network-patches/hyper-tile.ts'
import { createTokenMerging } from '../../network-patches/token-merging.ts'
import { createHalfSession } from '../../onnx/cuda/test-kit/half-session.ts'
import { createTensor } from '../../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../../test-kit.ts'
import { buildUnet } from '../unet.ts'
import { PERTURBED_INPUT, perturbedAttention } from './perturbed-attention.ts'
import type { DownscaleSettings } from './downscale.ts'
import type { UnetPatch } from './unet-patch.ts'

/** What half precision makes of a whole network, on values of order 1. */
const F16_TOLERANCE = 0.05

const recorded = openFixture(new URL('__fixtures__/unet-patches.safetensors', import.meta.url))
const file = readSafetensors(unpackTinyCheckpoint())
const config = detectUnet(file, 'model.diffusion_model.')

/** The tiny UNet as it would run on CUDA, in ops the CPU has. */
const predict: PredictionNetwork = async ({ control = {}, patches, shared, ...inputs }) => {
  const graph = buildUnet(file, config, [], patches as readonly UnetPatch[] | undefined)
  const session = createHalfSession(graph)
  const outputs = await session.run({
    latent: inputs.latent,
    timesteps: createTensor([inputs.timesteps.length], inputs.timesteps),
    context: inputs.context,
    ...control,
    ...shared?.values,
  })
  await session.release()
  return outputs['prediction']!
}

const shrink = (settings: DownscaleSettings, factor: number) =>
  createDownscale(settings, { factor, from: Infinity, to: 0 }, 0)
const beforeSkip = { block: 2, isAfterSkip: false } as const
const notPerturbed: InsidePatch = { network: perturbedAttention, rows: { [PERTURBED_INPUT]: [0] } }

describe('a patched UNet written for CUDA', () => {
  it.each<readonly [string, InsidePatch]>([
    ['free_u_v2_wide', createFreeU([1.3, 1.4, 0.9, 0.2], 2, 0)],
    ['hyper_tile_wide', createHyperTile({ tileSize: 32, maxDepth: 0, scalesDepth: false }, 0)],
    ['tome_wide', createTokenMerging(0.5, 'queries', 0)],
    ['downscale_area_bislerp_wide', shrink({ ...beforeSkip, down: 'area', up: 'bislerp' }, 1.5)],
    ['downscale_before_wide', shrink({ ...beforeSkip, down: 'bilinear', up: 'nearest-exact' }, 1.5)],
    ['plain_wide', notPerturbed],
  ])('predicts in half precision what the original does: %s', async (name, patch) => {
    const output = await patchNetwork(predict, [patch])({
      latent: recorded.tensor('wide.x'),
      timesteps: recorded.tensor('wide.timesteps').data,
      context: recorded.tensor('wide.context'),
      sigma: 1,
    })
    expect(maxDifference(output, recorded.tensor(`${name}.out`))).toBeLessThan(F16_TOLERANCE)
  })
})
