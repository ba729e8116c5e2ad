import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import type { Pixels } from '../image/pixels.ts'
import { maxDifference, openFixture, TEST_SESSION } from '../test-kit.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { runTiled } from '../tiling/tiled-scale.ts'
import { upscaleImage, upscaleWithNetwork, type Upscaler } from './upscale-image.ts'
import { loadUpscaler, type UpscaleNetwork } from './upscale-network.ts'

// Reference: spandrel's networks, ComfyUI's tiled_scale, A1111's upscaler_utils, f32 on the CPU.
const TOLERANCE = 2e-5
const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const files = ['networks.safetensors', 'esrgan.safetensors'].map((name) => openFixture(here(name)))
const recorded = {
  tensor: (name: string) => files.find((file) => file.has(name))!.tensor(name),
}

function unpack(name: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'upscaler-')), name)
  writeFileSync(path, gunzipSync(readFileSync(here(`${name}.gz`))))
  return path
}

function picture(name: string): Pixels {
  const { shape, data } = recorded.tensor(name)
  return { width: shape.at(-2)!, height: shape.at(-3)!, channels: 3, data: Uint8Array.from(data) }
}

function toImage({ width, height, data }: Pixels, rows = height, columns = width): Tensor {
  const image = createTensor([1, 3, rows, columns])
  for (let c = 0; c < 3; c += 1)
    for (let y = 0; y < rows; y += 1)
      for (let x = 0; x < columns; x += 1)
        image.data[(c * rows + y) * columns + x] = data[(y * width + x) * 3 + c]! / 255
  return image
}

/** Bytes that differ by one, as a share; Infinity when one differs by more. */
function differingShare(actual: Uint8Array, expected: Float32Array): number {
  const distances = [...expected].map((value, i) => Math.abs(value - actual[i]!))
  return Math.max(...distances) > 1 ? Infinity : distances.filter((d) => d > 0).length / distances.length
}

const compact = loadUpscaler(here('compact_x4.safetensors').pathname, TEST_SESSION)
const swinir = loadUpscaler(unpack('swinir_x2_direct.safetensors'), TEST_SESSION)
const esrgan = loadUpscaler(unpack('esrgan_old_x2.safetensors'), TEST_SESSION)
const networks = {
  compact_x4: compact.value,
  swinir_x2_direct: swinir.value,
  esrgan_old_x2: esrgan.value,
}
afterAll(async () => {
  await esrgan.release()
  await compact.release()
  await swinir.release()
})

describe('an upscaler network', () => {
  it.each(Object.entries(networks))('%s computes what the original computes', async (name, network) => {
    const output = await network.run(toImage(picture('small_u8')))
    expect(maxDifference(output, recorded.tensor(`${name}.small`))).toBeLessThan(TOLERANCE)
  })

  it.each(Object.entries(networks))('%s takes sides of any length', async (name, network) => {
    const output = await network.run(toImage(picture('small_u8'), 11, 13))
    expect(maxDifference(output, recorded.tensor(`${name}.odd`))).toBeLessThan(TOLERANCE)
  })

  it('is recognised by its tensors', () => {
    expect(compact.value).toMatchObject({ architecture: 'Compact', scale: 4 })
    expect(swinir.value).toMatchObject({ architecture: 'SwinIR', scale: 2 })
  })

  it('gives values between 0 and 1', async () => {
    const { data } = await compact.value.run(toImage(picture('small_u8')))
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...data)).toBeLessThanOrEqual(1)
  })

  it('is refused, with the file and the reason, when it is none', () => {
    expect(() => loadUpscaler(here('networks.safetensors').pathname, TEST_SESSION)).toThrow(
      /networks\.safetensors: it is no upscaler/,
    )
  })
})

describe('tiles', () => {
  it('joined as ComfyUI does equal its result', async () => {
    const options = { tileWidth: 16, tileHeight: 16, overlap: 4, scale: 4 }
    const { shape, data } = await runTiled(toImage(picture('big_u8')), compact.value.run, options)
    const clamped = createTensor(
      shape,
      data.map((value) => Math.min(Math.max(value, 0), 1)),
    )
    expect(maxDifference(clamped, recorded.tensor('compact_x4.comfy_tiled'))).toBeLessThan(TOLERANCE)
  })

  it('joined as A1111 does equal its result', async () => {
    const { data } = await upscaleWithNetwork(picture('big_u8'), compact.value, { tile: 16, overlap: 4 })
    expect(differingShare(data, recorded.tensor('compact_x4.a1111_grid_u8').data)).toBeLessThan(0.02)
  })

  it('are reported one by one', async () => {
    const heard: string[] = []
    const onTile = (done: number, total: number) => heard.push(`${done}/${total}`)
    const options = { tileWidth: 8, tileHeight: 8, overlap: 2, scale: 1, onTile }
    await runTiled(createTensor([1, 1, 8, 14]), async (tile) => tile, options)
    expect(heard).toEqual(['1/2', '2/2'])
  })

  it('of a function that changes nothing give the picture back', async () => {
    const source = createTensor(
      [2, 1, 21, 17],
      Float32Array.from({ length: 714 }, (_, i) => Math.sin(i)),
    )
    const options = { tileWidth: 8, tileHeight: 8, overlap: 3, scale: 1 }
    expect(maxDifference(await runTiled(source, async (tile) => tile, options), source)).toBeLessThan(1e-6)
  })
})

describe('upscaling a picture by a factor', () => {
  /** Repeats pixels twice; counts its runs. */
  function doubling(): { upscaler: Upscaler; runs: () => number } {
    let runs = 0
    const network: UpscaleNetwork = {
      architecture: 'ESRGAN',
      scale: 2,
      async run({ shape, data }) {
        runs += 1
        const [, , h, w] = shape as [number, number, number, number]
        const at = (i: number) => {
          const [c, y, x] = [Math.floor(i / (4 * h * w)), Math.floor(i / (2 * w)) % (2 * h), i % (2 * w)]
          return data[(c * h + (y >> 1)) * w + (x >> 1)]!
        }
        return createTensor(
          [1, 3, 2 * h, 2 * w],
          Float32Array.from({ length: 12 * h * w }, (_, i) => at(i)),
        )
      },
    }
    return { upscaler: { kind: 'network', network, tiles: { tile: 0, overlap: 0 } }, runs: () => runs }
  }
  const source = picture('small_u8')

  it.each([
    { factor: 2, size: [32, 24], runs: 1 },
    { factor: 3, size: [48, 32], runs: 2 },
    { factor: 16, size: [256, 192], runs: 3 },
    { factor: 1, size: [16, 8], runs: 1 },
  ])('by $factor runs the network $runs times and ends at $size', async ({ factor, size, runs }) => {
    const { upscaler, runs: counted } = doubling()
    const { width, height } = await upscaleImage(source, factor, upscaler)
    expect([[width, height], counted()]).toEqual([size, runs])
  })

  it('keeps the order of the colours', async () => {
    const { upscaler } = doubling()
    const doubled = await upscaleImage(source, 2, upscaler)
    expect([...doubled.data.subarray(0, 3)]).toEqual([...source.data.subarray(0, 3)])
  })

  it.each(['lanczos', 'nearest'] as const)('by %s needs no network', async (kind) => {
    expect(await upscaleImage(source, 2, { kind })).toMatchObject({ width: 32, height: 24 })
  })

  it('covers a picture smaller than a tile whole', async () => {
    const { upscaler } = doubling()
    const tiled = { ...upscaler, tiles: { tile: 64, overlap: 8 } } as Upscaler
    expect(await upscaleImage(source, 2, tiled)).toMatchObject({ width: 32, height: 24 })
  })
})
