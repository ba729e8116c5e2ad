import { describe, expect, it } from 'vitest'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { TEST_SESSION } from '../test-kit.ts'
import { GraphBuilder } from './graph-builder.ts'
import { createSession } from './session.ts'

const fixtures = new URL('../checkpoint/__fixtures__/', import.meta.url)
const open = (name: string) => readWeightFile(new URL(name, fixtures).pathname)

/** What ONNX Runtime makes of a file's tensors, each read where it lies. */
async function runWeights(file: WeightFile, names: readonly string[]) {
  const builder = new GraphBuilder(file)
  for (const name of names)
    builder.output(`out ${name}`, builder.weight(name), 'F32', builder.shapeOf(name) ?? [])
  const session = await createSession(builder.build(), TEST_SESSION)
  const results = await session.run({})
  await session.release()
  return names.map((name) => results[`out ${name}`]!)
}

const isFloat = ([, { dtype, shape }]: [string, { dtype: string; shape: readonly number[] }]) =>
  /^(F64|F32|F16|BF16|F8_E4M3|F8_E5M2)$/.test(dtype) && !shape.includes(0)

describe('weights in a graph', () => {
  it.each([
    ['every float type of safetensors', 'safetensors_dtypes/all.safetensors'],
    ['an archive of PyTorch', 'pickles/good/dtypes.pt'],
    ['views of one storage', 'pickles/good/shared_storage.pt'],
    ['a file of PyTorch before 1.6, its bytes unaligned', 'pickles/good/shared_storage_legacy.pt'],
    ['a nested checkpoint before 1.6', 'pickles/good/legacy.ckpt'],
  ])('hold the values of %s', async (_, name) => {
    const file = open(name)
    const names = [...file.tensors].filter(isFloat).map(([tensor]) => tensor)
    expect(names.length).toBeGreaterThan(2)
    const results = await runWeights(file, names)
    names.forEach((tensor, index) => {
      const expected = readTensor(file, tensor)
      expect(results[index]!.shape, tensor).toEqual(expected.shape)
      expect([...results[index]!.data], tensor).toEqual([...expected.data])
    })
  })
})
