import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { layOut } from './lay-out.ts'

/** A picture of 2 x 1 pixels, red, green and blue of each. */
const picture = (...pixels: readonly [number, number, number][]) =>
  createTensor([1, 3, 1, 2], Float32Array.from([0, 1, 2].flatMap((c) => pixels.map((one) => one[c]!))))

describe('a grid of previews', () => {
  const [first, second, third] = [0.1, 0.2, 0.3].map((value) =>
    picture([value, 0, -value], [value, 0.5, 0]),
  ) as [ReturnType<typeof picture>, ReturnType<typeof picture>, ReturnType<typeof picture>]

  it('of one picture is that', () => {
    expect(layOut([first], { gridRows: 0, gridBackground: 0 })).toBe(first)
  })

  it('fills its rows from the left, and what is left over with its colour', () => {
    const { shape, data } = layOut([first, second, third], { gridRows: 2, gridBackground: 0xff0000 })
    expect(shape).toEqual([1, 3, 2, 4])
    const planes = [0, 1, 2].map((c) =>
      [...data.subarray(8 * c, 8 * c + 8)].map((x) => Math.round(x * 10) / 10),
    )
    expect(planes).toEqual([
      [0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 1, 1],
      [0, 0.5, 0, 0.5, 0, 0.5, -1, -1],
      [-0.1, 0, -0.2, 0, -0.3, 0, -1, -1],
    ])
  })

  it('has no more rows than pictures', () => {
    expect(layOut([first, second], { gridRows: 5, gridBackground: 0 }).shape).toEqual([1, 3, 2, 2])
  })
})
