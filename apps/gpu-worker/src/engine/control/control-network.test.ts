import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { loadControl } from './control-network.ts'
import { writeControlNet } from './test-kit/write-control-net.ts'

const PREFIX = 'model.diffusion_model.'
const RANK = 2
const checkpoint = unpackTinyCheckpoint()
const base = { file: readSafetensors(checkpoint), prefix: PREFIX }
const control = readSafetensors(writeControlNet(checkpoint))

type Named = readonly [name: string, tensor: Tensor]

const wave = (shape: readonly number[], step: number): Tensor =>
  createTensor(
    shape,
    createTensor(shape).data.map((_, i) => Math.sin(1 + i * step)),
  )

/** Weights of the control file, those with a counterpart in the checkpoint under a matrix's or a kernel's shape apart. */
const all = [...control.tensors.keys()].map((name): Named => [name, readTensor(control, name)])
const isChanged = ([name, { shape }]: Named) =>
  shape.length > 1 && name.endsWith('.weight') && base.file.tensors.has(PREFIX + name)
const [changed, others] = [all.filter(isChanged), all.filter((one) => !isChanged(one))]

/** Factors of each change, [out, rank] and [rank, rest], small beside the weights. */
const factors = new Map(
  changed.map(([name, { shape, data }], i) => [
    name,
    {
      up: wave([shape[0]!, RANK], 0.7 + i / 100),
      down: createTensor(
        [RANK, data.length / shape[0]!],
        wave([RANK, data.length / shape[0]!], 1.1 + i / 100).data.map((value) => value / 50),
      ),
    },
  ]),
)

/** A weight with its change, summed number by number. */
function add([name, { shape, data }]: Named): Named {
  const { up, down } = factors.get(name)!
  const columns = down.shape[1]!
  const sum = data.map((value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns]
    let product = 0
    for (let r = 0; r < RANK; r += 1) product += up.data[row * RANK + r]! * down.data[r * columns + column]!
    return value + product
  })
  return [name, createTensor(shape, sum)]
}

function write(tensors: readonly Named[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'control-')), 'control.safetensors')
  writeFileSync(path, formatSafetensors(tensors, new Map()))
  return path
}

const whole = [...others, ...changed.map(add)]
const lowRank = [
  ['lora_controlnet', createTensor([0])] as const,
  ...others,
  ...changed.flatMap(([name, { shape }]): Named[] => {
    const { up, down } = factors.get(name)!
    const module = name.slice(0, -'.weight'.length)
    return [
      [`${module}.up`, createTensor([...up.shape, ...shape.slice(2).map(() => 1)], up.data)],
      [`${module}.down`, createTensor([RANK, ...shape.slice(1)], down.data)],
    ]
  }),
]
const differences = [
  ['difference', createTensor([0])] as const,
  ...whole.map(([name, { shape, data }]): Named => {
    const own = base.file.tensors.has(PREFIX + name) ? readTensor(base.file, PREFIX + name).data : undefined
    return [
      name,
      createTensor(
        shape,
        data.map((value, i) => value - (own?.[i] ?? 0)),
      ),
    ]
  }),
]

const inputs = {
  latent: wave([1, 4, 8, 8], 1.3),
  timesteps: Float32Array.of(601),
  context: wave([1, 77, 64], 0.7),
}
const hint = wave([1, 3, 64, 64], 0.9)

describe('a control file that belongs to a UNet', () => {
  it.each([
    ['a Control-LoRA', lowRank],
    ['a file of differences', differences],
  ])('%s adds what the whole ControlNet adds, and takes as much memory', async (_, tensors) => {
    const expected = loadControl(write(whole), 'whole', TEST_SESSION)
    const composed = loadControl(write(tensors), 'composed', { ...TEST_SESSION, base })
    const [found, wanted] = [composed, expected].map(({ value }) => value.evaluate(inputs, hint))
    const unchanged = await loadControl(write(all), 'plain', TEST_SESSION).value.evaluate(inputs, hint)
    for (const [place, residual] of Object.entries(await wanted!)) {
      expect(maxDifference((await found!)[place]!, residual)).toBeLessThan(1e-4)
      expect(maxDifference(unchanged[place]!, residual)).toBeGreaterThan(1e-2)
    }
    expect(composed.costBytes).toBe(expected.costBytes)
    await composed.release()
    await expected.release()
  })

  it('is of no use without one', () => {
    expect(() => loadControl(write(lowRank), 'alone', TEST_SESSION)).toThrow('needs a checkpoint')
  })
})
