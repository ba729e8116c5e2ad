/** Compares previews and the tiny autoencoder with the recordings. Run: node --import tsx bench/parity/previews.ts */
import { toPixels } from '../../apps/gpu-worker/src/engine/decode/pixels.ts'
import { sliceRows } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { loadTinyVae } from '../../apps/gpu-worker/src/engine/models/load-tiny-vae.ts'
import { colourLatent, comfyColoursOf } from '../../apps/gpu-worker/src/engine/preview/latent-colours.ts'
import { loadPreviewNetwork } from '../../apps/gpu-worker/src/engine/preview/preview-network.ts'
import { openFixture, readCases, TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { compareCase, compareValues, findFixtures, report } from './report.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = (name: string) => new URL(`file://${folder}models/preview/${name}`)
const NETWORK = 2e-5
/** Share of the bytes of a picture that may differ, by one. */
const PICTURE_SHARE = 0.02

interface ColourRow {
  readonly case: string
  readonly factors?: readonly (readonly [number, number, number])[]
}

const tensors = openFixture(here('previews.safetensors'))
const latent = tensors.tensor('latent')
const rows = readCases<ColourRow>(here('previews.jsonl'))

function compareNetwork({ data }: Tensor, name: string): number {
  return compareValues(data, tensors.tensor(name).data, () => NETWORK)
}

function comparePicture(picture: Tensor, name: string): number {
  const expected = tensors.tensor(name).data
  const { data } = toPixels(sliceRows(picture, 0, 1))
  if (compareValues(data, expected, () => 1) > 1) return Infinity
  const differing = data.filter((value, i) => value !== expected[i]).length
  return differing / data.length / PICTURE_SHARE
}

const tiny = loadPreviewNetwork(here('files/taesd_decoder.safetensors').pathname, 'tiny', TEST_SESSION)
const approximate = loadPreviewNetwork(here('files/vaeapprox.pt').pathname, 'approximate', TEST_SESSION)
const files = {
  encoder: here('files/taesd_encoder.safetensors').pathname,
  decoder: here('files/taesd_decoder.safetensors').pathname,
}
const pair = loadTinyVae(files, 1, TEST_SESSION)

const comparisons = [
  await compareCase('TAESD', 'decoded', async () =>
    compareNetwork(await tiny.value.decode(latent), 'taesd.decoded'),
  ),
  await compareCase('TAESD', 'encoded', async () =>
    compareNetwork((await pair.value.encode(tensors.tensor('pixels'))).mean, 'taesd.encoded'),
  ),
  await compareCase('TAESD', 'preview', async () =>
    comparePicture(await tiny.value.decode(latent), 'taesd.preview_u8'),
  ),
  await compareCase('Approx NN', 'decoded', async () =>
    compareNetwork(await approximate.value.decode(latent), 'a1111_approx_nn'),
  ),
]
for (const [name, family] of [
  ['sd15', 'sd1'],
  ['sdxl', 'sdxl'],
] as const) {
  const wanted = `latent2rgb.${name}.preview_u8`
  comparisons.push(
    await compareCase('latent2rgb', name, () =>
      comparePicture(colourLatent(latent, comfyColoursOf(family, { factor: 1 })), wanted),
    ),
    await compareCase('Approx cheap', name, () => {
      // Recorded with ComfyUI's factors in A1111's function.
      const factors = rows.find((row) => row.case === wanted)?.factors ?? []
      const { data } = colourLatent(latent, { factors, bias: [0, 0, 0] })
      const halved = data.map((value) => value * 0.5 + 0.5)
      return compareValues(halved, tensors.tensor(`a1111_cheap.${name}`).data, () => NETWORK)
    }),
  )
}
await Promise.all([tiny.release(), approximate.release(), pair.release()])
process.exitCode = report('previews', 'Previews', comparisons) ? 0 : 1
