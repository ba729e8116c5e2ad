/** Compares upscaler networks, tiles and resize filters with the recordings. Run: node --import tsx bench/parity/upscalers.ts */
import type { Pixels } from '../../apps/gpu-worker/src/engine/image/pixels.ts'
import { upscale, type UpscaleMethod } from '../../apps/gpu-worker/src/engine/resample/common-upscale.ts'
import { resizePixels } from '../../apps/gpu-worker/src/engine/source-image/pillow-resize.ts'
import { openFixture, readCases, TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { runTiled } from '../../apps/gpu-worker/src/engine/tiling/tiled-scale.ts'
import { upscaleWithNetwork } from '../../apps/gpu-worker/src/engine/upscale/upscale-image.ts'
import { loadUpscaler } from '../../apps/gpu-worker/src/engine/upscale/upscale-network.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = (name: string) => new URL(`file://${folder}models/upscale/${name}`)
/** One network call, values of order 1. */
const NETWORK = 2e-5
const RESIZE = 1e-5
/** Share of the bytes of a picture that may differ, by one. */
const PICTURE_SHARE = 0.02

interface NetworkRow {
  readonly case: string
  readonly file: string
  readonly odd_size: [number, number]
  readonly comfy_tiled?: { tile: number; overlap: number }
  readonly a1111_grid?: { tile: number; overlap: number }
  readonly a1111_average?: { tile: number; overlap: number }
}

const recorded = openFixture(here('networks.safetensors'))

const picture = (name: string): Pixels => {
  const { shape, data } = recorded.tensor(name)
  return { width: shape[2]!, height: shape[1]!, channels: 3, data: Uint8Array.from(data) }
}

function toImage({ width, height, data }: Pixels): Tensor {
  const image = createTensor([1, 3, height, width])
  for (let i = 0; i < width * height; i += 1)
    for (let c = 0; c < 3; c += 1) image.data[c * width * height + i] = data[3 * i + c]! / 255
  return image
}

function crop({ width, data }: Pixels, rows: number, columns: number): Pixels {
  const cut = new Uint8Array(rows * columns * 3)
  for (let y = 0; y < rows; y += 1)
    cut.set(data.subarray(y * width * 3, (y * width + columns) * 3), y * columns * 3)
  return { width: columns, height: rows, channels: 3, data: cut }
}

const exactly = (tolerance: number) => () => tolerance

function comparePictures(actual: Uint8Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity
  const distances = expected.map((value, i) => Math.abs(value - actual[i]!))
  const worst = distances.reduce((most, distance) => Math.max(most, distance), 0)
  return worst > 1
    ? Infinity
    : distances.filter((distance) => distance > 0).length / actual.length / PICTURE_SHARE
}

async function compareNetwork(row: NetworkRow): Promise<Comparison[]> {
  const name = row.case
  const path = here(row.file).pathname
  const opened = await compareCase('networks', name, async () => {
    await loadUpscaler(path, TEST_SESSION).release()
    return 0
  })
  if (opened.error > 1) return [opened]
  const { value: network, release } = loadUpscaler(path, TEST_SESSION)
  const [small, big] = [picture('small_u8'), picture('big_u8')]
  const comparisons: Comparison[] = []
  const add = async (group: string, which: string, compute: () => Promise<number>) =>
    comparisons.push(await compareCase(group, `${name} ${which}`, compute))
  const expected = (part: string) => recorded.tensor(`${name}.${part}`).data
  for (const [part, image] of [
    ['small', small],
    ['odd', crop(small, ...row.odd_size)],
  ] as const) {
    await add('networks', part, async () =>
      compareValues((await network.run(toImage(image))).data, expected(part), exactly(NETWORK)),
    )
  }
  const { comfy_tiled: tiled, a1111_grid: grid, a1111_average: average } = row
  if (tiled !== undefined) {
    await add("ComfyUI's tiles", '', async () => {
      const options = {
        tileWidth: tiled.tile,
        tileHeight: tiled.tile,
        overlap: tiled.overlap,
        scale: network.scale,
      }
      const { data } = await runTiled(toImage(big), network.run, options)
      return compareValues(
        data.map((value) => Math.min(Math.max(value, 0), 1)),
        expected('comfy_tiled'),
        exactly(NETWORK),
      )
    })
  }
  const webui = grid ?? average
  if (webui !== undefined) {
    await add("A1111's tiles", average ? 'average' : 'grid', async () => {
      const { data } = await upscaleWithNetwork(big, network, webui)
      return comparePictures(data, expected(average ? 'a1111_average_u8' : 'a1111_grid_u8'))
    })
  }
  if (grid !== undefined) {
    await add("A1111's tiles", 'whole', async () => {
      const { data } = await upscaleWithNetwork(big, network, { tile: 0, overlap: 0 })
      return comparePictures(data, expected('a1111_whole_u8'))
    })
  }
  await release()
  return comparisons
}

function compareResizes(): Promise<Comparison>[] {
  const tensors = openFixture(here('resize.safetensors'))
  const image = () => tensors.tensor('image_u8')
  const source = (): Pixels => {
    const { shape, data } = image()
    return { width: shape[2]!, height: shape[1]!, channels: 3, data: Uint8Array.from(data) }
  }
  return readCases<{ case: string }>(here('resize.jsonl')).flatMap(({ case: name }) => {
    const expected = tensors.tensor(name).data
    const [first, second = '', third = ''] = name.replace(/_u8$/, '').split('.')
    if (first === 'a1111_latent') return []
    if (first === 'latent') {
      const method = second as UpscaleMethod
      return compareCase("ComfyUI's resizes", name, () => {
        const { data } = upscale(
          tensors.tensor('latent'),
          { width: 18, height: 11 },
          { method, crop: 'disabled' },
        )
        return compareValues(data, expected, exactly(RESIZE))
      })
    }
    const [width, height] = (first === 'pil' ? third : second).split('x').map(Number) as [number, number]
    if (first === 'pil') {
      return compareCase("Pillow's resizes", name, () => {
        const { data } = resizePixels(source(), width, height, second as 'lanczos')
        return compareValues(data, expected, exactly(0.5))
      })
    }
    const method = first as UpscaleMethod
    return compareCase("ComfyUI's resizes", name, () => {
      const { data } = upscale(toImage(source()), { width, height }, { method, crop: third })
      return compareValues(data, expected, exactly(RESIZE))
    })
  })
}

const comparisons: Comparison[] = []
for (const row of readCases<NetworkRow>(here('networks.jsonl')))
  comparisons.push(...(await compareNetwork(row)))
comparisons.push(...(await Promise.all(compareResizes())))
process.exitCode = report('upscalers', 'Upscalers', comparisons) ? 0 : 1
