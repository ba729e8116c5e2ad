import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectUnet } from '../../checkpoint/detect-unet.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { loadControl } from '../../control/control-network.ts'
import { writeControlNet } from '../../control/test-kit/write-control-net.ts'
import { combine, joinRows, scale, sliceRows } from '../../denoise/combine.ts'
import { emitCuda } from '../../onnx/cuda/emit-cuda.ts'
import { PROBE_CONTEXT, PROBE_PREFIX, writeProbeUnet } from '../../onnx/cuda/probe-unet.ts'
import { openAsCuda } from '../../onnx/cuda/test-kit/half-session.ts'
import type { Graph } from '../../onnx/graph.ts'
import { createSession } from '../../onnx/session.ts'
import type { SessionInputs } from '../../onnx/network-session.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { maxDifference, TEST_SESSION } from '../../test-kit.ts'
import { buildUnet } from '../unet.ts'
import { joinControls, joinedInputs } from './join-controls.ts'

const path = join(mkdtempSync(join(tmpdir(), 'probe-')), 'probe.safetensors')
writeProbeUnet(path)
const file = readSafetensors(path)
const config = detectUnet(file, PROBE_PREFIX)
const open = (seed: number, name = 'net.safetensors') =>
  loadControl(writeControlNet(path, seed), name, {
    ...TEST_SESSION,
    joined: { key: `net ${seed}`, limitBytes: Infinity },
  }).value
const NET = open(1)
const joined = NET.joined!
const PLACES = ['skip_0', 'skip_1', 'middle']

const draw = (shape: readonly number[], step: number): Tensor =>
  createTensor(
    shape,
    createTensor(shape).data.map((_, i) => Math.sin(i * step)),
  )
const INPUTS = {
  latent: draw([2, 4, 8, 6], 1.3),
  timesteps: createTensor([2], Float32Array.of(801, 12.5)),
  context: draw([2, 77, PROBE_CONTEXT], 0.7),
}
const HINT = draw([2, 3, 64, 48], 0.9)
const FACTORS = createTensor([2, 3], Float32Array.of(1, 0.7, 0.3, 0, 1, 0.9))
const told = (place: number, factors = FACTORS) => ({
  [joinedInputs(place).hint]: HINT,
  [joinedInputs(place).factors]: factors,
})

const run = async (graph: Graph, inputs: SessionInputs): Promise<Tensor> => {
  const session = await createSession(graph, TEST_SESSION)
  const { prediction } = await session.run(inputs)
  await session.release()
  return prediction!
}
const unetWith = (places: readonly string[]) => buildUnet(file, config, places)

/** A tensor whose rows are multiplied by a column of factors. */
const scaleRows = (tensor: Tensor, column: number): Tensor => {
  const size = tensor.data.length / 2
  const rows = [0, 1].map((row) =>
    scale(
      FACTORS.data[row * 3 + column]!,
      createTensor([size], tensor.data.subarray(row * size, (row + 1) * size)),
    ),
  )
  return createTensor(tensor.shape, Float32Array.from(rows.flatMap(({ data }) => [...data])))
}
const residualsOf = async (network: typeof NET) => {
  const residuals = await network.evaluate({ ...INPUTS, timesteps: INPUTS.timesteps.data }, HINT)
  return Object.fromEntries(PLACES.map((place, i) => [place, scaleRows(residuals[place]!, i)]))
}

describe('a ControlNet joined with a UNet', () => {
  it('tells the places it adds to', () => {
    expect(joined.places).toEqual(PLACES)
  })

  it('gives the bits of the two apart, each row with factors of its own', async () => {
    const apart = await run(unetWith(PLACES), { ...INPUTS, ...(await residualsOf(NET)) })
    const whole = joinControls(unetWith(joined.places), [joined], [])
    expect(await run(whole, { ...INPUTS, ...told(0) })).toEqual(apart)
    expect(apart).not.toEqual(await run(unetWith([]), INPUTS))
  })

  it('adds to what else is given at its places, and leaves other inputs alone', async () => {
    const given = { middle: draw([2, 320, 8, 6], 0.11), feature_1: draw([2, 320, 8, 6], 0.17) }
    const residuals = await residualsOf(NET)
    const unet = unetWith([...PLACES, 'feature_1'])
    const sum = combine([1, given.middle], [1, residuals['middle']!])
    const apart = await run(unet, { ...INPUTS, ...residuals, ...given, middle: sum })
    const whole = joinControls(unet, [joined], ['middle'])
    expect(await run(whole, { ...INPUTS, ...given, ...told(0) })).toEqual(apart)
  })

  it('adds up with another one', async () => {
    const other = open(2)
    const [one, two] = [await residualsOf(NET), await residualsOf(other)]
    const sums = Object.fromEntries(
      PLACES.map((place) => [place, combine([1, one[place]!], [1, two[place]!])]),
    )
    const apart = await run(unetWith(PLACES), { ...INPUTS, ...sums })
    const whole = joinControls(unetWith(PLACES), [joined, other.joined!], [])
    expect(await run(whole, { ...INPUTS, ...told(0), ...told(1) })).toEqual(apart)
  })

  it('whose residuals are means over the picture is spread over it', async () => {
    const pooling = open(1, 'control_shuffle.safetensors')
    const apart = await run(unetWith(PLACES), { ...INPUTS, ...(await residualsOf(pooling)) })
    const whole = joinControls(unetWith(PLACES), [pooling.joined!], [])
    expect(await run(whole, { ...INPUTS, ...told(0) })).toEqual(apart)
  })

  it('of a union tells each row the kind of its hint', async () => {
    const union = loadControl(writeControlNet(path, 3, 4), 'net', {
      ...TEST_SESSION,
      joined: { key: 'union', limitBytes: Infinity },
    }).value
    const inputs = { ...INPUTS, timesteps: INPUTS.timesteps.data }
    const ofKind = (kind: number | undefined) => union.evaluate(inputs, HINT, kind)
    const [first, second, none] = [await ofKind(2), await ofKind(0), await ofKind(undefined)]
    const residuals = Object.fromEntries(
      PLACES.map((place) => [
        place,
        joinRows([sliceRows(first[place]!, 0, 1), sliceRows(second[place]!, 1, 2)]),
      ]),
    )
    expect(maxDifference(first['middle']!, second['middle']!)).toBeGreaterThan(0.01)
    expect(maxDifference(first['middle']!, none['middle']!)).toBeGreaterThan(0.01)
    const whole = joinControls(unetWith(PLACES), [union.joined!], [])
    const types = createTensor([2, 4], Float32Array.of(0, 0, 1, 0, 1, 0, 0, 0))
    const ones = createTensor([2, 3], new Float32Array(6).fill(1))
    const given = { ...INPUTS, ...told(0, ones), [joinedInputs(0).types]: types }
    expect(await run(whole, given)).toEqual(await run(unetWith(PLACES), { ...INPUTS, ...residuals }))
  })

  it('is not for inputs of another family of models', () => {
    const given = { ...INPUTS, timesteps: INPUTS.timesteps.data }
    expect(() => joined.check(given)).not.toThrow()
    const other = { ...given, context: draw([2, 77, 2 * PROBE_CONTEXT], 0.7) }
    expect(() => joined.check(other)).toThrow('belongs to another family of models')
  })

  it('has its weights once where it guides twice', () => {
    const unet = unetWith(PLACES)
    const [once, twice] = [[joined], [joined, joined]].map((nets) => joinControls(unet, nets, []))
    expect(once!.weights.length).toBeGreaterThan(unet.weights.length)
    expect(twice!.weights).toEqual(once!.weights)
  })

  it('sees the first channels of the latent of a network for inpainting', () => {
    const unet = unetWith(PLACES)
    const inputs = unet.inputs.map((port) =>
      port.name === 'latent' ? { ...port, shape: ['batch', 9, 'height', 'width'] } : port,
    )
    const { ops } = joinControls({ ...unet, inputs }, [joined], [])
    const cut = ops.find(({ type, inputs: [first] }) => type === 'Slice' && first === 'latent')!
    expect(ops.filter((op) => op.inputs.includes(cut.outputs[0]!)).map(({ type }) => type)).toEqual(['Conv'])
  })
})

describe('a ControlNet joined with a UNet, written for CUDA', () => {
  const whole = joinControls(unetWith(PLACES), [joined], [])

  it('turns nothing but the latent, the hint and the prediction, and weights once', () => {
    const written = emitCuda(whole)
    const weights = new Set(written.weights.map(({ name }) => name))
    const turned = written.ops.filter(({ type, inputs }) => type === 'Transpose' && !weights.has(inputs[0]!))
    const casts = new Map(
      written.ops.filter(({ type }) => type === 'Cast').map((op) => [op.outputs[0], op.inputs[0]!]),
    )
    const running = turned.filter(({ inputs: [first] }) => !weights.has(casts.get(first!) ?? ''))
    expect(running).toHaveLength(3)
  })

  it.each([
    ['f32', 2e-4],
    ['f16', 0.02],
  ] as const)('predicts in %s what the CPU predicts', async (precision, tolerance) => {
    const inputs = { ...INPUTS, ...told(0) }
    const expected = await run(whole, inputs)
    const model = await openAsCuda(whole, precision)
    const { prediction } = await model.run(inputs, ['prediction'])
    await model.release()
    const largest = Math.max(...expected.data.map(Math.abs))
    expect(maxDifference(prediction!, expected) / largest).toBeLessThan(tolerance)
  })
})
