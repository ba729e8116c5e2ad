import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttributeProto, ModelProto } from '@atelier/proto/onnx'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { describeFile } from '../../../model-files/describe-file.ts'
import { ModelStore } from '../../models/model-store.ts'
import { isOutOfMemory } from '../../engine-error.ts'
import { HeldModels } from '../../generation/held-models.ts'
import type { Pixels } from '../../image/pixels.ts'
import type { ModelRuntime } from '../../onnx/runtime/model-runtime.ts'
import { NODE_BINDING } from '../../onnx/runtime/node-binding.ts'
import { TEST_SESSION } from '../../test-kit.ts'
import { openPreprocessNetwork } from './preprocess-network.ts'
import { runPreprocessor } from './run-preprocessor.ts'

const folder = mkdtempSync(join(tmpdir(), 'atelier-preprocessors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FLOAT = 1
const dimension = (size: number | string) =>
  typeof size === 'number'
    ? { value: { $case: 'dimValue' as const, value: BigInt(size) } }
    : { value: { $case: 'dimParam' as const, value: size } }
const tensorOf = (name: string, shape: readonly (number | string)[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: shape.map(dimension) } } },
})

/** A network of one op: the mean of its channels, or the picture as it is. */
function writeNetwork(
  name: string,
  { channels = 1, size = ['h', 'w'] as readonly (number | string)[] } = {},
): string {
  const [height, width] = size as [number | string, number | string]
  const attributes = [
    { name: 'axes', type: 7, ints: [1n] },
    { name: 'keepdims', type: 2, i: 1n },
  ].map((attribute) => AttributeProto.fromPartial(attribute as object))
  const node = channels === 1 ? { opType: 'ReduceMean', attribute: attributes } : { opType: 'Identity' }
  const model = ModelProto.fromPartial({
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 13n }],
    graph: {
      name: 'tiny',
      node: [{ ...node, input: ['picture'], output: ['map'] }],
      input: [tensorOf('picture', [1, 3, height, width])],
      output: [tensorOf('map', [1, channels, height, width])],
    },
  })
  const path = join(folder, name)
  writeFileSync(path, ModelProto.encode(model).finish())
  return path
}

const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  budgetBytes: 2 ** 28,
  maxBatchElements: 2 ** 20,
  onResidentsChanged: () => undefined,
})
afterAll(() => models.clear())

describe('a preprocessor’s network', () => {
  it('is opened again after there was no room for it, which is not the file’s fault', async () => {
    let calls = 0
    const runtime: ModelRuntime = {
      load(...args) {
        calls += 1
        const short = new Error('Failed to allocate memory for requested buffer of size 1')
        return calls === 1 ? Promise.reject(short) : NODE_BINDING.load(...args)
      },
    }
    const loaded = openPreprocessNetwork(writeNetwork('short.onnx'), { ...TEST_SESSION, runtime })
    await expect(loaded.value.size()).rejects.toSatisfy(isOutOfMemory)
    expect(await loaded.value.size()).toBeUndefined()
    await loaded.release()
  })
})

async function run(
  module: string,
  picture: Pixels,
  resolution: number,
  [thresholdA, thresholdB]: readonly [number, number] = [0, 0],
): Promise<Pixels> {
  const ref = { kind: ModelKind.MODEL_KIND_PREPROCESSOR, name: `${module}.onnx`, identity: module }
  models.setFiles([ModelFile.fromPartial({ ...ref, path: join(folder, `${module}.onnx`) })])
  const held = new HeldModels(models)
  try {
    const settings = { resolution, thresholdA, thresholdB, seed: 0 }
    return await runPreprocessor(picture, { module, network: ref }, settings, held)
  } finally {
    held.release()
  }
}

/** A grey ramp from left to right. */
const ramp = (width: number, height: number): Pixels => ({
  ...{ width, height, channels: 3 },
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width) * 2),
})
const at = ({ width, data }: Pixels, x: number, y: number) => data[(y * width + x) * 3]!

// The networks are ops whose results are known; the meaning of outputs is the ControlNet extension's.
describe('a preprocessor that is a network', () => {
  it('spreads depth over all levels, near is white', async () => {
    writeNetwork('depth.onnx')
    const map = await run('depth', ramp(64, 64), 64)
    expect([map.width, map.height]).toEqual([64, 64])
    expect([at(map, 0, 5), at(map, 63, 5)]).toEqual([0, 255])
    expect(at(map, 32, 5)).toBe(Math.trunc((32 / 63) * 255))
  })

  it('turns distances round, and leaves out what is too near or too far', async () => {
    writeNetwork('depth_leres.onnx')
    const level = async (limits: readonly [number, number], x: number) =>
      at(await run('depth_leres', ramp(64, 64), 64, limits), x, 5)
    // What OpenCV makes of the levels 0, 101 and 255: x = 25 is 25/63 of the way.
    expect([await level([0, 0], 0), await level([0, 0], 25), await level([0, 0], 63)]).toEqual([255, 154, 0])
    expect(await level([40, 0], 25)).toBe(255)
    expect(await level([39, 0], 25)).toBe(154)
    expect([await level([0, 61], 25), await level([0, 60], 25)]).toEqual([0, 154])
  })

  it('takes edges as they are, and brings safe ones to few levels', async () => {
    writeNetwork('pidinet.onnx')
    writeNetwork('pidinet_safe.onnx')
    const [edges, safe] = [
      await run('pidinet', ramp(64, 64), 64),
      await run('pidinet_safe', ramp(64, 64), 64),
    ]
    expect(Math.abs(at(edges, 40, 0) - 80)).toBeLessThanOrEqual(1)
    expect(new Set(safe.data)).toEqual(new Set([0, 127]))
  })

  it('turns dark lines round', async () => {
    writeNetwork('lineart.onnx')
    const map = await run('lineart', ramp(64, 64), 64)
    expect(Math.abs(at(map, 10, 3) - 235)).toBeLessThanOrEqual(1)
  })

  it('reads normals in three channels', async () => {
    writeNetwork('normal_bae.onnx', { channels: 3 })
    const map = await run('normal_bae', ramp(64, 64), 64)
    // ImageNet's mean of red is taken out ahead of the network: 0.485 becomes 0.
    const byte = Math.trunc((((62 / 255 - 0.485) / 0.229) * 0.5 + 0.5) * 255)
    expect(Math.abs(map.data[31 * 3]! - Math.max(byte, 0))).toBeLessThanOrEqual(1)
  })

  it('brings pictures to the resolution, to multiples the network takes, and cuts what was added', async () => {
    writeNetwork('depth_anything.onnx')
    const map = await run('depth_anything', ramp(60, 30), 40)
    expect([map.width, map.height]).toEqual([80, 40])
  })

  it('brings pictures to the size of a network that takes one alone', async () => {
    writeNetwork('hed.onnx', { size: [32, 32] })
    const map = await run('hed', ramp(64, 64), 64)
    expect([map.width, map.height]).toEqual([64, 64])
  })

  it('is refused where its output is no such map', async () => {
    writeNetwork('normal_bae.onnx', { channels: 1 })
    await models.clear()
    const reference = {
      module: 'normal_bae',
      network: { kind: ModelKind.MODEL_KIND_PREPROCESSOR, name: 'normal_bae.onnx', identity: 'other' },
    }
    models.setFiles([ModelFile.fromPartial({ ...reference.network, path: join(folder, 'normal_bae.onnx') })])
    const held = new HeldModels(models)
    const settings = { resolution: 64, thresholdA: 0, thresholdB: 0, seed: 0 }
    await expect(runPreprocessor(ramp(64, 64), reference, settings, held)).rejects.toMatchObject({
      code: 'unusable-model',
      message: 'the network of normal_bae gives 1x1x64x64, no map of 3 channels',
    })
    held.release()
  })
})

describe('a preprocessor’s file', () => {
  const found = (name: string, path: string) => ({
    ...{ kind: ModelKind.MODEL_KIND_PREPROCESSOR, name, path, sizeBytes: 10, modifiedAtMs: 0 },
  })

  it('is known by its name and its first byte', () => {
    expect(describeFile(found('hed.onnx', writeNetwork('hed.onnx'))).unusableReason).toBe('')
    for (const name of ['yolox_l.onnx', 'dw-ll_ucoco_384.onnx', 'dw_openpose_full.onnx'])
      expect(describeFile(found(name, writeNetwork(name))).unusableReason).toBe('')
    expect(describeFile(found('cat.onnx', writeNetwork('cat.onnx'))).unusableReason).toBe(
      'no preprocessor cat is a network alone',
    )
    const path = join(folder, 'depth.onnx')
    writeFileSync(path, 'not a network')
    expect(describeFile(found('depth.onnx', path)).unusableReason).toBe('it is no ONNX file')
  })

  const options = { device: 'cpu', threads: 1, isAllowedFile: () => true }

  it('is refused with its name where ONNX Runtime cannot read it', async () => {
    const path = join(folder, 'broken.onnx')
    writeFileSync(path, Uint8Array.of(8, 8, 58, 200, 1))
    await expect(openPreprocessNetwork(path, options).value.size()).rejects.toMatchObject({
      fault: 'malformed',
      path,
    })
  })

  it('is not opened where it is none of the worker’s', async () => {
    const path = writeNetwork('hed.onnx')
    const closed = { ...options, isAllowedFile: () => false }
    await expect(openPreprocessNetwork(path, closed).value.size()).rejects.toMatchObject({
      fault: 'unreadable',
    })
  })
})
