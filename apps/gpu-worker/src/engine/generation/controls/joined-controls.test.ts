import { statSync } from 'node:fs'
import { ControlMode, ModelFile, ModelKind } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeControlNet } from '../../control/test-kit/write-control-net.ts'
import type { ModelRuntime } from '../../onnx/runtime/model-runtime.ts'
import { NODE_BINDING } from '../../onnx/runtime/node-binding.ts'
import { NativeRuntime } from '../../onnx/runtime/native/native-runtime.ts'
import { unpackTinyCheckpoint } from '../../test-kit.ts'
import { pixelsOf, smallSampling } from '../test-kit.ts'
import { openControlKit, PLAIN_UNIT, type ControlKit } from './test-kit.ts'

// ControlNets in one graph with the UNet, as on a GPU, against calls of their own, as on a CPU.
const path = unpackTinyCheckpoint()
const NETS = ['one', 'two', 'three'].map((name, index) => ({
  ref: { kind: ModelKind.MODEL_KIND_CONTROL_NET, name: `${name}.safetensors`, identity: name },
  path: writeControlNet(path, index + 1),
}))
const [ONE, TWO, THREE] = NETS.map(({ ref }) => ref) as [object, object, object]
const files = NETS.map((net) => ModelFile.fromPartial({ ...net.ref, path: net.path }))
const session = { device: 'cpu', threads: 1 }
const kits = {
  apart: openControlKit(files, { session }),
  joined: openControlKit(files, {
    session: { ...session, runtime: watch(NODE_BINDING) },
    joinsControls: true,
  }),
  native: openControlKit(files, {
    session: { ...session, runtime: watch(new NativeRuntime({ capturesCalls: false })) },
    joinsControls: true,
  }),
}
/** Outputs of the models that were loaded for joined controls. */
const loaded: string[] = []

/** A runtime whose models are noted. */
function watch(runtime: ModelRuntime): ModelRuntime {
  return {
    async load(...args) {
      const model = await runtime.load(...args)
      loaded.push(model.outputs.join())
      return model
    },
  }
}

const drawing = Buffer.from(
  '<svg width="64" height="64"><rect width="64" height="64" fill="#fff"/><circle cx="30" cy="30" r="20" fill="#c33"/></svg>',
)
beforeAll(async () => {
  const flat = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
    .png()
    .toBuffer()
  for (const { inputs } of Object.values(kits))
    inputs.set('drawing', await sharp(drawing).png().toBuffer()).set('grey', flat)
})
afterAll(async () => {
  for (const kit of Object.values(kits)) await kit.close()
})

const unit = (changes: object = {}) => ({
  ...PLAIN_UNIT,
  model: ONE,
  preprocessing: { module: 'canny', resolution: 64, thresholdA: 100, thresholdB: 200, seed: 1 },
  ...changes,
})
const drawBy = async (kit: ControlKit, units: readonly object[], changes: object = {}) => {
  const outcome = await kit.run(units, changes)
  return Promise.all(outcome.files.map(async (_, i) => (await pixelsOf(outcome, i)).data))
}
const images = [5n, 6n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed, infotext: '' }))

describe('ControlNets joined with the UNet', () => {
  it.each<[string, readonly object[], object?]>([
    ['with a strength that half precision does not hold', [unit({ weight: 0.7 })]],
    ['one twice', [unit({ weight: 0.5 }), unit({ weight: 0.3, preprocessing: { module: 'none' } })]],
    [
      'one that begins later and one that ends earlier',
      [unit({ start: 0.3 }), unit({ model: TWO, end: 0.5 })],
    ],
    ['with soft weights', [unit({ mode: ControlMode.CONTROL_MODE_PROMPT })]],
    ['on the conditional half alone', [unit({ mode: ControlMode.CONTROL_MODE_CONTROL })]],
    ['kept to a region, beside one everywhere', [unit({ region: { key: 'grey' } }), unit({ model: TWO })]],
    ['for a batch', [unit()], { images, batchSize: 2 }],
    ['for pictures that tile', [unit()], { tiling: true }],
    ['for sizes that cannot be halved down', [unit()], { width: 72, height: 88 }],
    ['without guidance', [unit()], { sampling: smallSampling({ guidanceScale: 1 }) }],
  ])('draw the same bits: %s', async (_, units, changes) => {
    const apart = await drawBy(kits.apart, units, changes)
    expect(apart[0]!.equals((await drawBy(kits.apart, [], changes))[0]!)).toBe(false)
    expect(await drawBy(kits.joined, units, changes)).toEqual(apart)
  })

  it('draw the same bits through the C API', async () => {
    const units = [unit({ weight: 0.7, end: 0.5 }), unit({ model: TWO })]
    expect(await drawBy(kits.native, units)).toEqual(await drawBy(kits.apart, units))
  })

  it('draw the same bits in company of other strengths and hints', async () => {
    const jobs = [unit(), unit({ weight: 0.4 }), unit({ image: { key: 'grey' }, start: 0.5 })]
    const alone = []
    for (const one of jobs) alone.push(await drawBy(kits.apart, [one]))
    expect(await Promise.all(jobs.map((one) => drawBy(kits.joined, [one])))).toEqual(alone)
  })

  it('run by themselves only where they are kept to a region', async () => {
    const isControlNet = (outputs: string) => outputs.includes('skip_0')
    loaded.length = 0
    await drawBy(kits.joined, [unit({ model: THREE })])
    expect(loaded.filter(isControlNet)).toEqual([])
    await drawBy(kits.joined, [unit({ model: THREE, region: { key: 'grey' } })])
    expect(loaded.filter(isControlNet)).toHaveLength(1)
  })

  it('run by themselves where memory is short', async () => {
    const budgetBytes = 9 * statSync(NETS[0]!.path).size
    const short = openControlKit(files, {
      ...{ session: { ...session, runtime: watch(NODE_BINDING) }, joinsControls: true, budgetBytes },
    })
    for (const [key, bytes] of kits.apart.inputs) short.inputs.set(key, bytes)
    loaded.length = 0
    const drawn = await drawBy(short, [unit()])
    await short.close()
    expect(loaded.filter((outputs) => outputs.includes('skip_0'))).toHaveLength(1)
    expect(drawn).toEqual(await drawBy(kits.apart, [unit()]))
  })
})
