import fc from 'fast-check'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { AdapterModule } from './adapter-module.ts'
import { toRotations } from './rotations.ts'

function moduleOf(blocks: Tensor, alpha: number): AdapterModule {
  const tensors = { oft_blocks: blocks, alpha: createTensor([], Float32Array.of(alpha)) }
  let offset = 0
  const header = Object.entries(tensors).map(([name, { shape, data }]) => {
    const entry = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
    return [name, entry] as const
  })
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const path = join(mkdtempSync(join(tmpdir(), 'oft-')), 'oft.safetensors')
  const bodies = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer))
  writeFileSync(path, Buffer.concat([length, json, ...bodies]))
  const names = new Map(Object.keys(tensors).map((name) => [name, name]))
  return new AdapterModule(readSafetensors(path), 'layer', names)
}

const blocksOf = (size: number) =>
  fc
    .array(fc.float({ min: -1, max: 1, noNaN: true }), {
      minLength: 2 * size * size,
      maxLength: 2 * size * size,
    })
    .map((values) => createTensor([2, size, size], Float32Array.from(values)))

function furthestFromUnit({ shape, data }: Tensor): number {
  const size = shape.at(-1)!
  let worst = 0
  for (let block = 0; block < shape[0]!; block += 1) {
    const at = (row: number, column: number) => data[(block * size + row) * size + column]!
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) {
        let product = i === j ? -1 : 0
        for (let k = 0; k < size; k += 1) product += at(k, i) * at(k, j)
        worst = Math.max(worst, Math.abs(product))
      }
    }
  }
  return worst
}

describe('rotations of OFT blocks', () => {
  it.each(['comfy', 'webui'] as const)('turn without stretching, constrained or not (%s)', (flavour) => {
    const sizes = fc.integer({ min: 1, max: 6 }).chain(blocksOf)
    fc.assert(
      fc.property(sizes, fc.constantFrom(0, 0.5, 100), (blocks, alpha) => {
        const use = {
          module: moduleOf(blocks, alpha),
          shape: [2 * blocks.shape[1]!, 3],
          strength: 1,
          flavour,
        }
        expect(furthestFromUnit(toRotations(use))).toBeLessThan(1e-5)
      }),
      { numRuns: 25 },
    )
  })

  it('are the identity for symmetric blocks', () => {
    const blocks = createTensor([1, 2, 2], Float32Array.of(1, 2, 2, 5))
    const use = { module: moduleOf(blocks, 0), shape: [2, 3], strength: 1, flavour: 'comfy' as const }
    expect([...toRotations(use).data]).toEqual([1, 0, 0, 1])
  })

  it('turn by twice the arc tangent of the difference', () => {
    const blocks = createTensor([1, 2, 2], Float32Array.of(0, 0.5, 0, 0))
    const use = { module: moduleOf(blocks, 0), shape: [2, 3], strength: 1, flavour: 'comfy' as const }
    const angle = 2 * Math.atan(0.5)
    const expected = [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle)]
    toRotations(use).data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6))
  })

  it('are limited to a norm that A1111 counts in rows of the weight', () => {
    const blocks = createTensor([1, 2, 2], Float32Array.of(0, 3, 0, 0))
    const angleOf = (flavour: 'comfy' | 'webui', alpha: number) => {
      const use = { module: moduleOf(blocks, alpha), shape: [2, 3], strength: 1, flavour }
      return Math.acos(toRotations(use).data[0]!)
    }
    expect(angleOf('comfy', 1)).toBeCloseTo(2 * Math.atan(1 / Math.SQRT2), 5)
    expect(angleOf('webui', 0.5)).toBeCloseTo(2 * Math.atan(1 / Math.SQRT2), 5)
    expect(angleOf('comfy', 100)).toBeCloseTo(2 * Math.atan(3), 5)
  })
})
