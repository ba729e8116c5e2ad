import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectTextEncoders } from '../../checkpoint/detect-text.ts'
import { detectUnet } from '../../checkpoint/detect-unet.ts'
import { detectVae } from '../../checkpoint/detect-vae.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { buildClipText } from '../../networks/clip-text.ts'
import { buildUnet } from '../../networks/unet.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../networks/vae.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { maxDifference, openFixture, TEST_SESSION, unpackTinyCheckpoint } from '../../test-kit.ts'
import { add } from '../../networks/layers.ts'
import type { Graph } from '../graph.ts'
import type { ChangedWeights, WeightChange } from '../graph-builder.ts'
import { LAYERS } from '../layer-ops.ts'
import { createSession } from '../session.ts'
import type { SessionInputs } from '../network-session.ts'
import { wrapEdges } from '../wrap-edges.ts'
import type { Precision } from './emission.ts'
import { emitCuda } from './emit-cuda.ts'
import { writeProbeUnet } from './probe-unet.ts'
import { openAsCuda } from './test-kit/half-session.ts'

const PREFIX = 'model.diffusion_model.'
/** Half precision has 11 bits; what a whole network makes of that, on values of order 1. */
const F16_TOLERANCE = 0.02
const fixture = (name: string) => new URL(`../../models/__fixtures__/${name}`, import.meta.url)

/** Runs a description as it would run on CUDA. */
async function runAsCuda(graph: Graph, cases: readonly SessionInputs[], precision: Precision) {
  const session = await openAsCuda(graph, precision)
  const outputs: Record<string, Tensor>[] = []
  for (const inputs of cases) outputs.push({ ...(await session.run(inputs, session.outputs)) })
  await session.release()
  return outputs
}

const countOps = (graph: Graph): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { type } of graph.ops) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

const draw = (shape: readonly number[], step: number): Tensor => {
  const tensor = createTensor(shape)
  return createTensor(
    shape,
    tensor.data.map((_, i) => Math.sin(i * step) * 1.5),
  )
}

describe('a UNet of SD’s width written for CUDA', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'probe-')), 'probe.safetensors')
  writeProbeUnet(path)
  const file = readSafetensors(path)
  const graph = buildUnet(file, detectUnet(file, PREFIX))
  const inputs = {
    latent: draw([2, 4, 8, 6], 1.3),
    timesteps: createTensor([2], Float32Array.of(801, 12.5)),
    context: draw([2, 77, 64], 0.7),
  }

  it('uses the fused ops and keeps channels last from end to end', () => {
    const counts = countOps(emitCuda(graph))
    expect(counts).toMatchObject({
      NhwcConv: 20,
      GroupNorm: 3,
      SkipGroupNorm: 11,
      SkipLayerNormalization: 6,
      BiasAdd: 3,
      BiasSplitGelu: 3,
      MultiHeadAttention: 6,
      // The latent in, the prediction out, and the weights of convolutions, once, when the session is made.
      Transpose: 2 + 20,
    })
    expect(Object.keys(counts)).not.toContain('InstanceNormalization')
    expect(Object.keys(counts)).not.toContain('Conv')
  })

  it('takes and gives f32, in the shapes of the description', () => {
    const written = emitCuda(graph)
    expect(written.inputs).toEqual(graph.inputs)
    expect(written.outputs).toEqual(graph.outputs)
    expect(written.weights).toEqual(graph.weights)
  })

  it.each([
    ['f32', 2e-4],
    ['f16', F16_TOLERANCE],
  ] as const)('predicts in %s what the CPU predicts', async (precision, tolerance) => {
    const session = await createSession(graph, TEST_SESSION)
    const expected = (await session.run(inputs))['prediction']!
    await session.release()
    const [{ prediction } = {}] = await runAsCuda(graph, [inputs], precision)
    const scale = Math.max(...expected.data.map(Math.abs))
    expect(maxDifference(prediction!, expected) / scale).toBeLessThan(tolerance)
  })

  it('changes weights in f32, rounds them once, and keeps their fused ops', async () => {
    const name = `${PREFIX}middle_block.1.transformer_blocks.0.ff.net.0.proj.weight`
    const change: WeightChange = (to, weight) => add(to, weight, to.floats([0.02]))
    const changed: ChangedWeights = { ...file, changes: new Map([[name, [change]]]) }
    const description = buildUnet(changed, detectUnet(file, PREFIX))
    const written = emitCuda(description)
    expect(countOps(written)['BiasSplitGelu']).toBe(3)
    const sum = written.ops.find(({ type, inputs }) => type === 'Add' && inputs.includes(name))!
    const [rounded] = written.ops.filter((op) => op.inputs.includes(sum.outputs[0]!))
    expect(rounded).toMatchObject({ type: 'Cast', attributes: { to: 10 } })
    const session = await createSession(description, TEST_SESSION)
    const expected = (await session.run(inputs))['prediction']!
    await session.release()
    const [{ prediction } = {}] = await runAsCuda(description, [inputs], 'f16')
    const scale = Math.max(...expected.data.map(Math.abs))
    expect(maxDifference(prediction!, expected) / scale).toBeLessThan(F16_TOLERANCE)
  })

  it('wraps edges and takes control inputs as the CPU does', async () => {
    const description = wrapEdges(buildUnet(file, detectUnet(file, PREFIX), ['middle', 'skip_1']))
    const inputs = {
      latent: draw([1, 4, 8, 8], 1.3),
      timesteps: createTensor([1], Float32Array.of(500)),
      context: draw([1, 77, 64], 0.7),
      middle: draw([1, 320, 8, 8], 0.4),
      skip_1: draw([1, 320, 8, 8], 0.2),
    }
    const session = await createSession(description, TEST_SESSION)
    const expected = (await session.run(inputs))['prediction']!
    await session.release()
    const [{ prediction } = {}] = await runAsCuda(description, [inputs], 'f32')
    const scale = Math.max(...expected.data.map(Math.abs))
    expect(maxDifference(prediction!, expected) / scale).toBeLessThan(2e-4)
  })
})

describe('a join of channels', () => {
  const joinOf = (widths: readonly (number | string)[]): Graph => {
    const names = widths.map((_, i) => `image_${i}`)
    const image = (name: string, width: number | string) =>
      ({ name, dtype: 'F32', shape: ['batch', width, 'height', 'width'] }) as const
    return {
      inputs: names.map((name, i) => image(name, widths[i]!)),
      outputs: [image('joined', 'channels')],
      ops: [{ type: 'JoinChannels', domain: LAYERS, inputs: names, outputs: ['joined'], attributes: {} }],
      constants: [],
      weights: [],
    }
  }

  it('is one of parts of one width, with the channels in their order', async () => {
    const graph = joinOf([6, 4])
    const inputs = { image_0: draw([1, 6, 2, 3], 0.3), image_1: draw([1, 4, 2, 3], 0.7) }
    const [{ joined } = {}] = await runAsCuda(graph, [inputs], 'f32')
    expect([...joined!.data]).toEqual([...inputs.image_0.data, ...inputs.image_1.data])
    const written = emitCuda(graph)
    expect(written.ops.find(({ type }) => type === 'Concat')!.inputs).toHaveLength(5)
    expect(written.hostReaders).toEqual([])
    expect(countOps(emitCuda(joinOf([4, 4, 4])))['Split']).toBeUndefined()
  })

  it('cannot be replayed where widths are not known or parts are too many', () => {
    expect(emitCuda(joinOf([4, 'more'])).hostReaders).toEqual(['Concat'])
    expect(emitCuda(joinOf([31, 2])).hostReaders).toEqual(['Concat'])
  })
})

describe('ops that read host memory whenever they run', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'probe-')), 'probe.safetensors')
  writeProbeUnet(path)
  const file = readSafetensors(path)
  const config = detectUnet(file, PREFIX)

  it('are none in a UNet, with controls too', () => {
    expect(emitCuda(buildUnet(file, config)).hostReaders).toEqual([])
    expect(emitCuda(buildUnet(file, config, ['middle', 'skip_1'])).hostReaders).toEqual([])
  })

  it('are no parts of one width', () => {
    const split = (outputs: number): Graph => ({
      inputs: [{ name: 'x', dtype: 'F32', shape: ['batch', 6] }],
      outputs: [{ name: 'v0', dtype: 'F32' }],
      ops: [
        {
          ...{ type: 'Split', domain: '', inputs: ['x'], attributes: { axis: 1, num_outputs: outputs } },
          outputs: Array.from({ length: outputs }, (_, i) => `v${i}`),
        },
      ],
      constants: [],
      weights: [],
    })
    expect(emitCuda(split(3)).hostReaders).toEqual([])
    expect(emitCuda(split(4)).hostReaders).toEqual(['Split'])
  })

  it('are told of where edges wrap, and in text encoders', () => {
    expect(emitCuda(wrapEdges(buildUnet(file, config))).hostReaders).toEqual(['Concat'])
    const tiny = readSafetensors(unpackTinyCheckpoint())
    expect(emitCuda(buildClipText(tiny, detectTextEncoders(tiny, 'sd1')[0]!)).hostReaders).toEqual([
      'GatherND',
    ])
  })
})

describe('the tiny SD1 checkpoint written for CUDA', () => {
  const file = readSafetensors(unpackTinyCheckpoint())
  const precisions = [
    ['f32', 5e-5],
    ['f16', F16_TOLERANCE],
  ] as const

  it('reads half-precision weights as they lie in the file', () => {
    const graph = emitCuda(buildUnet(file, detectUnet(file, PREFIX)))
    const halves = new Set(graph.weights.filter(({ dtype }) => dtype === 'F16').map(({ name }) => name))
    const products = graph.ops.filter(({ type }) => type === 'FusedMatMul')
    expect(products.length).toBeGreaterThan(0)
    expect(products.every(({ inputs }) => halves.has(inputs[1]!))).toBe(true)
  })

  it.each(precisions)('predicts in %s what the original predicts', async (precision, tolerance) => {
    const tensors = openFixture(fixture('unet.safetensors'))
    const graph = buildUnet(file, detectUnet(file, PREFIX))
    const ids = [0, 1]
    const cases = ids.map((id) => ({
      latent: tensors.tensor(`${id}.x`),
      timesteps: tensors.tensor(`${id}.timesteps`),
      context: tensors.tensor(`${id}.context`),
    }))
    const outputs = await runAsCuda(graph, cases, precision)
    for (const id of ids)
      expect(maxDifference(outputs[id]!['prediction']!, tensors.tensor(`${id}.out`))).toBeLessThan(tolerance)
  })

  it.each(precisions)('decodes and encodes in %s as the original does', async (precision, tolerance) => {
    const tensors = openFixture(fixture('vae.safetensors'))
    const config = detectVae(file, 'first_stage_model.')!
    const latent = tensors.tensor('0.z')
    const [{ pixels } = {}] = await runAsCuda(buildVaeDecoder(file, config), [{ latent }], precision)
    expect(maxDifference(pixels!, tensors.tensor('0.decoded'))).toBeLessThan(tolerance)
    const source = { pixels: draw([1, 3, 24, 16], 0.3) }
    const [{ moments } = {}] = await runAsCuda(buildVaeEncoder(file, config), [source], precision)
    const session = await createSession(buildVaeEncoder(file, config), TEST_SESSION)
    const expected = await session.run(source)
    await session.release()
    expect(maxDifference(moments!, expected['moments']!)).toBeLessThan(2 * tolerance)
  })

  it.each(precisions)(
    'decodes in %s with its attention in tiles as the CPU does',
    async (precision, tolerance) => {
      const config = detectVae(file, 'first_stage_model.')!
      const cut = buildVaeDecoder(file, config, { isCut: true })
      const inputs = {
        latent: draw([1, 4, 8, 12], 1),
        tiles: createTensor([6], Float32Array.of(2, 4, 3, 4, 8, 12)),
      }
      const [{ pixels } = {}] = await runAsCuda(cut, [inputs], precision)
      const session = await createSession(cut, TEST_SESSION)
      const expected = await session.run(inputs)
      await session.release()
      expect(maxDifference(pixels!, expected['pixels']!)).toBeLessThan(2 * tolerance)
    },
  )

  it.each(precisions)('encodes text in %s, its mask no infinity', async (precision, tolerance) => {
    const tensors = openFixture(fixture('text_comfy.safetensors'))
    const text = detectTextEncoders(file, 'sd1')[0]!
    const ids = tensors.tensor('0.ids')
    const inputs = {
      tokens: { shape: [1, 77], integers: BigInt64Array.from(ids.data.slice(0, 77), BigInt) },
      embeddings: createTensor([1, 77, text.width]),
      use: createTensor([1, 77, 1]),
      ends: { shape: [1], integers: BigInt64Array.of(7n) },
    }
    const [outputs = {}] = await runAsCuda(buildClipText(file, text), [inputs], precision)
    const last = outputs[`normal_${text.layers}`]!
    expect(
      maxDifference(last, { ...last, data: tensors.tensor('0.cond').data.slice(0, last.data.length) }),
    ).toBeLessThan(tolerance)
  })
})
