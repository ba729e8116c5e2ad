import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { patchNetwork } from '../denoise/inside/patch-network.ts'
import { ModelStore } from '../models/model-store.ts'
import { maxDifference, openFixture, readCases, unpackTinyCheckpoint } from '../test-kit.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { WebuiHyperTile } from './webui-hyper-tile.ts'

/** One call of the tiny SD1 networks with A1111's hypertile.py on their modules: of the denoiser, then of the decoder. */
interface Case {
  readonly case: string
  readonly width: number
  readonly height: number
  readonly seed: number
  readonly timestep: number
  readonly options: Readonly<Record<'depth' | 'tile' | 'swap' | 'tile_vae' | 'swap_vae', number>>
}

const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('webui-hyper-tile.safetensors', here))
const cases = readCases<Case>(new URL('webui-hyper-tile-calls.jsonl', here))
/** Of decoded pictures every eighth row and column is kept. */
const KEPT = 8

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([ModelFile.fromPartial({ ...checkpoint, path: unpackTinyCheckpoint() })])
afterAll(() => models.clear())

function keepSome({ shape, data }: Tensor): Tensor {
  const [, , height, width] = shape as [number, number, number, number]
  const kept = data.filter((_, i) => i % KEPT === 0 && (Math.floor(i / width) % height) % KEPT === 0)
  return createTensor([1, 3, height / KEPT, width / KEPT], kept)
}

async function run({ case: name, options, timestep, seed, ...size }: Case) {
  const settings = {
    ...{ firstPass: true, secondPass: true, decoder: true },
    ...{ denoiserDepth: options.depth, denoiserTile: options.tile, denoiserSwap: options.swap },
    ...{ decoderTile: options.tile_vae, decoderSwap: options.swap_vae },
  }
  const tiles = new WebuiHyperTile(settings, { ...size, seed: BigInt(seed) })
  const use = await models.useCheckpoint(checkpoint)
  const { model, vae } = use.value
  const latent = recorded.tensor(`${name}.x`)
  const network = patchNetwork(model.predict, [tiles.patch(model.layout, false)])
  const context = recorded.tensor(`${name}.context`)
  const predicted = await network({ latent, timesteps: Float32Array.of(timestep), context })
  const decoded = await vae!.decode(latent, false, tiles.drawDecoderTiles(size.height / 8, size.width / 8))
  use.done()
  return { predicted, decoded: keepSome(decoded) }
}

async function runWhole({ case: name, timestep }: Case) {
  const use = await models.useCheckpoint(checkpoint)
  const latent = recorded.tensor(`${name}.x`)
  const context = recorded.tensor(`${name}.context`)
  const predicted = await use.value.model.predict({
    latent,
    timesteps: Float32Array.of(timestep),
    context,
  })
  const decoded = keepSome(await use.value.vae!.decode(latent))
  use.done()
  return { predicted, decoded }
}

describe('networks whose attentions are cut', () => {
  it.each(cases)('predict and decode what the original does: $case', async (recordedCase) => {
    const { predicted, decoded } = await run(recordedCase)
    const [out, picture] = ['out', 'decoded'].map((what) => recorded.tensor(`${recordedCase.case}.${what}`))
    expect(maxDifference(predicted, out!)).toBeLessThan(3e-5)
    expect(maxDifference(decoded, picture!)).toBeLessThan(5e-5)
  })

  it('do otherwise than whole ones', async () => {
    const { predicted, decoded } = await runWhole(cases.find((one) => one.case === 'wide')!)
    expect(maxDifference(predicted, recorded.tensor('wide.out'))).toBeGreaterThan(0.05)
    expect(maxDifference(decoded, recorded.tensor('wide.decoded'))).toBeGreaterThan(0.1)
  })
})
