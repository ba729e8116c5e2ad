import { afterAll, describe, expect, it, vi } from 'vitest'
import { detectUnet } from '../../checkpoint/detect-unet.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { buildUnet } from '../../networks/unet.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { unpackTinyCheckpoint } from '../../test-kit.ts'
import { emitCpu } from '../emit-cpu.ts'
import type { Graph } from '../graph.ts'
import { toModelBytes } from '../model-proto.ts'
import type { ModelOptions, ModelRuntime, RunnableModel } from './model-runtime.ts'
import { NativeRuntime } from './native/native-runtime.ts'
import { NODE_BINDING } from './node-binding.ts'

const OPTIONS: ModelOptions = { device: 'cpu', threads: 1, optimization: 'all', weightsFolder: '/' }

/** sum = a + b of any length, twice = sum + sum; and an output that is not f32. */
const SUMS: Graph = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'F32', shape: ['n'] })),
  outputs: ['sum', 'twice'].map((name) => ({ name, dtype: 'F32', shape: ['n'] })),
  ops: [
    { type: 'Add', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: {} },
    { type: 'Add', domain: '', inputs: ['sum', 'sum'], outputs: ['twice'], attributes: {} },
  ],
  constants: [],
  weights: [],
}

const vector = (...values: number[]): Tensor => createTensor([values.length], Float32Array.from(values))

const wave = (shape: readonly number[], step: number): Tensor =>
  createTensor(
    shape,
    createTensor(shape).data.map((_, i) => Math.sin(i * step)),
  )

const native = new NativeRuntime({ capturesCalls: false })

describe.each<[string, ModelRuntime]>([
  ['the binding for Node', NODE_BINDING],
  ['the C API on a thread', native],
])('%s', (_, runtime) => {
  const opened: RunnableModel[] = []
  const load = async (graph: Graph): Promise<RunnableModel> => {
    const model = await runtime.load(toModelBytes(graph), OPTIONS)
    opened.push(model)
    return model
  }
  afterAll(async () => {
    for (const model of opened) await model.release()
  })

  it('tells the inputs and outputs of a model', async () => {
    const model = await load(SUMS)
    expect(model.inputs).toEqual([
      { name: 'a', isFloat: true, shape: [undefined] },
      { name: 'b', isFloat: true, shape: [undefined] },
    ])
    expect(model.outputs).toEqual(['sum', 'twice'])
  })

  it('computes the outputs that are wanted, for inputs of any size', async () => {
    const model = await load(SUMS)
    const one = await model.run({ a: vector(1, 2), b: vector(10, 20) }, ['twice', 'sum'])
    expect(one).toEqual({ twice: vector(22, 44), sum: vector(11, 22) })
    expect(await model.run({ a: vector(1), b: vector(-1) }, ['sum'])).toEqual({ sum: vector(0) })
    expect(await model.run({ a: vector(), b: vector() }, ['sum'])).toEqual({ sum: vector() })
  })

  it('leaves inputs as they are', async () => {
    const model = await load(SUMS)
    const [a, b] = [vector(1, 2), vector(3, 4)]
    await model.run({ a, b }, ['sum'])
    expect([a, b]).toEqual([vector(1, 2), vector(3, 4)])
  })

  it('tells how long a call took where it was made, not how long its host was busy', async () => {
    const model = await load(SUMS)
    // The host's clock: an hour of others' work before the call is made, and one each time it could hear of its end.
    let hours = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => hours * 3_600_000)
    const working = setInterval(() => (hours += 1), 0)
    try {
      const heard: number[] = []
      const running = model.run({ a: vector(1), b: vector(2) }, ['sum'], (seconds) => heard.push(seconds))
      hours += 1
      await running
      expect(heard).toHaveLength(1)
      expect(heard[0]).toBeLessThan(3_600)
    } finally {
      clearInterval(working)
      clock.mockRestore()
    }
  })

  it('takes whole numbers', async () => {
    const model = await load({
      inputs: [{ name: 'tokens', dtype: 'I64', shape: ['n'] }],
      outputs: [{ name: 'floats', dtype: 'F32', shape: ['n'] }],
      ops: [{ type: 'Cast', domain: '', inputs: ['tokens'], outputs: ['floats'], attributes: { to: 1 } }],
      constants: [],
      weights: [],
    })
    const tokens = { shape: [2], integers: BigInt64Array.of(49406n, -1n) }
    expect(await model.run({ tokens }, ['floats'])).toEqual({ floats: vector(49406, -1) })
  })

  it('answers many calls that are asked for at once', async () => {
    const model = await load(SUMS)
    const asked = Array.from({ length: 50 }, (_, i) => model.run({ a: vector(i), b: vector(1) }, ['sum']))
    const sums = (await Promise.all(asked)).map(({ sum }) => sum!.data[0])
    expect(sums).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  it('says what ONNX Runtime says of wrong inputs and no models, and goes on', async () => {
    const model = await load(SUMS)
    await expect(model.run({ a: vector(1, 2), b: vector(1, 2, 3) }, ['sum'])).rejects.toThrow(/Add|broadcast/)
    await expect(model.run({ a: vector(1) }, ['sum'])).rejects.toThrow(/'?b'? ?|Missing Input/i)
    await expect(runtime.load(new Uint8Array(9), OPTIONS)).rejects.toThrow(/protobuf parsing failed/)
    expect(await model.run({ a: vector(1), b: vector(1) }, ['sum'])).toEqual({ sum: vector(2) })
  })

  it('reads weights where they lie', async () => {
    const file = readSafetensors(unpackTinyCheckpoint())
    const unet = await load(emitCpu(buildUnet(file, detectUnet(file, 'model.diffusion_model.'))))
    const inputs = {
      latent: wave([2, 4, 8, 8], 1.3),
      timesteps: vector(500, 20),
      context: wave([2, 77, 64], 0.7),
    }
    const { prediction } = await unet.run(inputs, ['prediction'])
    expect(prediction!.shape).toEqual([2, 4, 8, 8])
    predictions.push(prediction!)
  })
})

const predictions: Tensor[] = []

describe('both', () => {
  it('give the same bits', () => {
    expect(predictions).toHaveLength(2)
    expect(predictions[0]).toEqual(predictions[1])
  })
})

describe('the C API on a thread', () => {
  it('is sent once what stays, and takes another array for another', async () => {
    const model = await native.load(toModelBytes(SUMS), OPTIONS)
    const lasting = vector(1, 2)
    const run = (a: Tensor) => model.run({ a: { ...a, stays: true }, b: vector(10, 10) }, ['sum'])
    expect(await run(lasting)).toEqual({ sum: vector(11, 12) })
    // What must never be done tells what the thread has.
    lasting.data.fill(7)
    expect(await run(lasting)).toEqual({ sum: vector(11, 12) })
    expect(await run(vector(7, 7))).toEqual({ sum: vector(17, 17) })
    expect(await model.run({ a: lasting, b: vector(1, 1) }, ['sum'])).toEqual({ sum: vector(8, 8) })
    await model.release()
  })

  it('is sent no more of an array than the part that is an input', async () => {
    const model = await native.load(toModelBytes(SUMS), OPTIONS)
    const part = createTensor([2], Float32Array.of(0, 1, 2, 3).subarray(1, 3))
    for (const stays of [false, true])
      expect(await model.run({ a: { ...part, stays }, b: vector(1, 1) }, ['sum'])).toEqual({
        sum: vector(2, 3),
      })
    await model.release()
  })

  it('leaves the process free while a model is loaded and run', async () => {
    const side = 1500
    const product = await native.load(
      toModelBytes({
        inputs: [{ name: 'a', dtype: 'F32', shape: [side, side] }],
        outputs: [{ name: 'product', dtype: 'F32', shape: [side, side] }],
        ops: [{ type: 'MatMul', domain: '', inputs: ['a', 'a'], outputs: ['product'], attributes: {} }],
        constants: [],
        weights: [],
      }),
      OPTIONS,
    )
    let turns = 0
    const counting = setInterval(() => (turns += 1), 1)
    await product.run({ a: wave([side, side], 0.1) }, ['product'])
    clearInterval(counting)
    await product.release()
    // A call that blocks leaves no turn, this one dozens of milliseconds of them.
    expect(turns).toBeGreaterThan(1)
  })
})
