import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { resizeTensor, toChannelsFirst, toChannelsLast, type ResizeMethod } from './resize-tensor.ts'

// torch.nn.functional.interpolate (torch 2 on CPU), to a size: batch, channels, width, height, new width and height, method,
// values before and after (base64 floats).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/interpolate.json', import.meta.url), 'utf8'),
) as Row[]

// The same of rows that count up: method, size, target, which source each result is, and the other side's target. Doubles
// choose others in all of them.
const places = JSON.parse(
  readFileSync(new URL('__fixtures__/nearest-places.json', import.meta.url), 'utf8'),
) as PlaceRow[]

type Row = readonly [number, number, number, number, number, number, ResizeMethod, string, string]
type PlaceRow = readonly [
  method: ResizeMethod,
  size: number,
  target: number,
  sources: readonly number[],
  other: number,
]

const toFloats = (text: string) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer)
const countUp = (length: number) => Float32Array.from({ length }, (_, i) => i)

describe('resizeTensor', () => {
  it.each(recorded)('resizes [%d, %d] of %d x %d to %d x %d by %s as torch does', (...row) => {
    const [batch, channels, width, height, toWidth, toHeight, method, before, after] = row
    const source = createTensor([batch, channels, height, width], toFloats(before))
    const resized = resizeTensor(source, toWidth, toHeight, method)
    const expected = toFloats(after)
    expect(resized.shape).toEqual([batch, channels, toHeight, toWidth])
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - resized.data[i]!)), 0)
    expect(worst).toBeLessThan(1e-5)
  })

  it.each(places)('takes by %s of %d places for %d those that torch takes, across and down', (...row) => {
    const [method, size, target, sources, other] = row
    const across = resizeTensor(createTensor([1, 1, 1, size], countUp(size)), target, other, method)
    const down = resizeTensor(createTensor([1, 1, size, 1], countUp(size)), other, target, method)
    expect([...across.data.subarray(0, target)]).toEqual(sources)
    expect([...down.data.filter((_, i) => i % other === 0)]).toEqual(sources)
  })
})

describe('the order of channels', () => {
  it('changes to the last and back without a loss', () => {
    const first = createTensor([2, 3, 4, 5], countUp(120))
    const last = toChannelsLast(first)
    expect(last.shape).toEqual([2, 4, 5, 3])
    // Batch 1, channel 2, row 3, column 4.
    expect(last.data[((1 * 4 + 3) * 5 + 4) * 3 + 2]).toBe(first.data[((1 * 3 + 2) * 4 + 3) * 5 + 4])
    expect(toChannelsFirst(last)).toEqual(first)
  })
})
