import { describe, expect, it } from 'vitest'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { createTensor } from '../tensor/tensor.ts'
import { countRows, joinInputs, toBatchKey } from './join-inputs.ts'

/** Rows numbered from `first`: each row's latent, timestep, context, label and control hold its number. */
function createRows(first: number, rows: number, changes: Partial<NetworkInputs> = {}): NetworkInputs {
  const numbered = (...shape: number[]) => {
    const size = shape.reduce((product, side) => product * side, 1)
    return createTensor(
      [rows, ...shape],
      Float32Array.from({ length: rows * size }, (_, i) => first + Math.floor(i / size)),
    )
  }
  return {
    latent: numbered(4, 2, 3),
    timesteps: Float32Array.from({ length: rows }, (_, row) => first + row),
    context: numbered(77, 5),
    label: numbered(6),
    control: { middle: numbered(8, 1, 1), input_0: numbered(8, 2, 3) },
    ...changes,
  }
}

describe('toBatchKey', () => {
  it('is one for rows that differ in number and values only', () => {
    expect(toBatchKey(createRows(0, 1))).toBe(toBatchKey(createRows(7, 3)))
  })

  it('does not depend on the order of the places', () => {
    const { control, ...others } = createRows(0, 1)
    const reversed = Object.fromEntries(Object.entries(control!).reverse())
    expect(toBatchKey({ ...others, control: reversed })).toBe(toBatchKey({ ...others, control: control! }))
  })

  it.each<[string, Partial<NetworkInputs>]>([
    ['size of the picture', { latent: createTensor([1, 4, 3, 2]) }],
    ['channels of the latent', { latent: createTensor([1, 9, 2, 3]) }],
    ['length of the context', { context: createTensor([1, 154, 5]) }],
    ['width of the label', { label: createTensor([1, 7]) }],
    ['places of the controls', { control: { middle: createTensor([1, 8, 1, 1]) } }],
    [
      'shape of a control',
      { control: { middle: createTensor([1, 8, 2, 3]), input_0: createTensor([1, 8, 2, 3]) } },
    ],
    ['controls at all', { control: {} }],
    ['edges', { wraps: true }],
    ['treatment of uneven sizes', { fitsLast: true }],
  ])('keeps apart what differs in the %s', (_, changes) => {
    expect(toBatchKey(createRows(0, 1, changes))).not.toBe(toBatchKey(createRows(0, 1)))
  })
})

describe('joinInputs', () => {
  it('joins every part row after row', () => {
    const joined = joinInputs([createRows(0, 2), createRows(2, 1), createRows(3, 3)])
    expect(countRows(joined)).toBe(6)
    expect([...joined.timesteps]).toEqual([0, 1, 2, 3, 4, 5])
    for (const part of [joined.latent, joined.context, joined.label!, ...Object.values(joined.control!)]) {
      const size = part.data.length / 6
      expect(part.shape[0]).toBe(6)
      expect(part.data.every((value, i) => value === Math.floor(i / size))).toBe(true)
    }
  })

  it('fills up to a number of rows by repeating the last in every part', () => {
    const filled = joinInputs([createRows(0, 2), createRows(2, 1)], { rows: 6 })
    expect(countRows(filled)).toBe(6)
    expect([...filled.timesteps]).toEqual([0, 1, 2, 2, 2, 2])
    for (const part of [filled.latent, filled.context, filled.label!, ...Object.values(filled.control!)]) {
      const size = part.data.length / 6
      expect(part.data.every((value, i) => value === Math.min(2, Math.floor(i / size)))).toBe(true)
    }
    expect(countRows(joinInputs([createRows(0, 3)], { rows: 4 }))).toBe(4)
  })

  it('gives a single request as it is', () => {
    const inputs = createRows(0, 2)
    expect(joinInputs([inputs])).toBe(inputs)
    expect(joinInputs([inputs], { rows: 2 })).toBe(inputs)
  })

  it('adds no part that the requests do not have, and keeps the variant', () => {
    const plain = (first: number): NetworkInputs => {
      const { latent, timesteps, context } = createRows(first, 1)
      return { latent, timesteps, context, wraps: true, fitsLast: true }
    }
    const joined = joinInputs([plain(0), plain(1)])
    expect(Object.keys(joined).sort()).toEqual(['context', 'fitsLast', 'latent', 'timesteps', 'wraps'])
    expect(joined).toMatchObject({ wraps: true, fitsLast: true })
  })
})
