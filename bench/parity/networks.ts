/** Compares the networks of every family with the recordings. Run: node --import tsx bench/parity/networks.ts */
import { listLabelNumbers, makeLabel } from '../../apps/gpu-worker/src/engine/denoise/label.ts'
import { openFixture } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { decodeTiled, encodeTiled } from '../../apps/gpu-worker/src/engine/tiling/tiled-vae.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { compareLayers } from './network-layers.ts'
import { compareTexts } from './network-texts.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'
import { absolute, readLines } from './sampling-fixtures.ts'
import { readAll, TinyModels, type TinyName } from './tiny-models.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const models = new TinyModels(folder)
const open = (name: string) => openFixture(new URL(`file://${folder}models/${name}.safetensors`))
const NETWORK = absolute(2e-5)

const UNETS: readonly TinyName[] = [
  ...(['sd1', 'sd2', 'sdxl', 'refiner'] as const),
  ...(['sd1-inpaint', 'sd2-inpaint', 'sd1-pix2pix'] as const),
]

async function compareUnets(): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const name of UNETS) {
    const { model } = models.open(name)
    const tensors = open(`${name}/unet`)
    for (const { case: index } of readLines<{ case: number }>(`${folder}models/${name}/unet.jsonl`)) {
      const tensor = (part: string) => tensors.tensor(`${index}.${part}`)
      comparisons.push(
        await compareCase(`UNet, ${name}`, String(index), async () => {
          const output = await model.predict({
            latent: tensor('x'),
            timesteps: tensor('timesteps').data,
            context: tensor('context'),
            ...(tensors.has(`${index}.y`) && { label: tensor('y') }),
          })
          return compareValues(output.data, tensor('out').data, NETWORK)
        }),
      )
    }
  }
  return comparisons
}

interface VaeRow {
  readonly case: number | string
  readonly encoded_as?: readonly [number, number]
}

async function compareVaes(): Promise<Comparison[]> {
  const vae = models.open('sd1').vae!
  const tensors = open('sd1/vae')
  const comparisons: Comparison[] = []
  for (const row of readLines<VaeRow>(`${folder}models/sd1/vae.jsonl`)) {
    if (row.encoded_as === undefined) continue
    const tensor = (part: string) => tensors.tensor(`${row.case}.${part}`)
    const size = row.encoded_as
    comparisons.push(
      await compareCase('Autoencoder, encoded', String(row.case), async () => {
        const { mean, logVariance } = await vae.encode(toNetworkPixels(tensor('pixels_u8'), size))
        return Math.max(
          compareValues(mean.data, tensor('mean').data, NETWORK),
          compareValues(logVariance.data, tensor('logvar').data, NETWORK),
        )
      }),
      await compareCase('Autoencoder, decoded', String(row.case), async () => {
        const decoded = await vae.decode(tensor('z'))
        return compareValues(decoded.data, tensor('decoded').data, NETWORK)
      }),
    )
  }
  return comparisons
}

interface TiledRow {
  readonly case: string
  readonly tile?: number
  readonly overlap?: number
}

/** Norms over tiles few cells wide pass on what inner layers are allowed. */
const TILED = absolute(5e-5)

async function compareTiledVaes(): Promise<Comparison[]> {
  const vae = models.open('sd1').vae!
  const tensors = open('sd1/vae')
  const comparisons: Comparison[] = []
  for (const { case: name, tile, overlap = 0 } of readLines<TiledRow>(`${folder}models/sd1/vae.jsonl`)) {
    if (tile === undefined) continue
    const tensor = (part: string) => tensors.tensor(`${name}.${part}`)
    comparisons.push(
      await compareCase('Autoencoder, decoded in tiles', name, async () => {
        const decoded = await decodeTiled(vae, tensor('z'), { width: tile, height: tile, overlap })
        const image = tensor('image').data
        const plane = image.length / 3
        const actual = image.map((_, i) => decoded.data[(i % 3) * plane + Math.floor(i / 3)]!)
        return compareValues(actual.map(toUnit), image, TILED)
      }),
      await compareCase('Autoencoder, encoded in tiles', name, async () => {
        const bytes = tensor('pixels_u8')
        const pixels = toNetworkPixels(bytes, [bytes.shape[1]!, bytes.shape[2]!])
        const tiles = { width: 8 * tile, height: 8 * tile, overlap: 8 * overlap }
        return compareValues((await encodeTiled(vae, pixels, tiles)).data, tensor('mean').data, TILED)
      }),
    )
  }
  return comparisons
}

const toUnit = (value: number): number => Math.min(Math.max((value + 1) / 2, 0), 1)

/** The centre of bytes [1, H, W, 3] as the autoencoder takes it. */
function toNetworkPixels({ shape, data }: Tensor, [height, width]: readonly [number, number]): Tensor {
  const [, rows, columns] = shape as [number, number, number]
  const [top, left] = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2)]
  const pixels = createTensor([1, 3, height, width])
  for (let i = 0; i < pixels.data.length; i += 1) {
    const [c, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width]
    pixels.data[i] = (data[((y + top) * columns + x + left) * 3 + c]! / 255) * 2 - 1
  }
  return pixels
}

interface LabelRow {
  readonly case: string
  readonly arguments: Readonly<Record<string, number>> & { readonly prompt_type?: string }
}

async function compareLabels(): Promise<Comparison[]> {
  const tensors = open('sdxl/adm')
  const comparisons: Comparison[] = []
  for (const { case: name, arguments: given } of readLines<LabelRow>(`${folder}models/sdxl/adm.jsonl`)) {
    const { width = 768, height = 768, crop_w = 0, crop_h = 0 } = given
    const numbers = listLabelNumbers(name.startsWith('base') ? 'sdxl' : 'sdxl-refiner', {
      ...{ width, height, cropLeft: crop_w, cropTop: crop_h },
      ...{ targetWidth: given['target_width'] ?? width, targetHeight: given['target_height'] ?? height },
      aestheticScore: given['aesthetic_score'] ?? (given.prompt_type === 'negative' ? 2.5 : 6),
    })
    comparisons.push(
      await compareCase('Labels of SDXL and its refiner', name, () =>
        compareValues(
          makeLabel(tensors.tensor(`${name}.pooled`), numbers).data,
          tensors.tensor(`${name}.y`).data,
          NETWORK,
        ),
      ),
    )
  }
  return comparisons
}

const comparisons = [
  ...(await compareUnets()),
  ...(await compareTexts(folder, models)),
  ...(await compareVaes()),
  ...(await compareTiledVaes()),
  ...(await compareLabels()),
  ...(await compareLayers(
    (name) => new Map(readAll(`${folder}models/${name}.safetensors`)),
    models,
    models.unpackFile(`${folder}models/control/files/controlnet_ldm.safetensors.gz`),
  )),
]
process.exitCode = report('networks', 'Networks of every family', comparisons) ? 0 : 1
