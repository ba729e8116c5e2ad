import { describe, expect, it } from 'vitest'
import { drawPoses, PoseError, type Keypoints, type Pose } from './draw-poses.ts'
import type { Canvas } from './raster.ts'

const NOBODY: Keypoints = Array.from({ length: 18 }, () => undefined)
const withJoints = (joints: Readonly<Record<number, readonly [number, number]>>): Keypoints =>
  NOBODY.map((_, index) => joints[index] && { x: joints[index][0], y: joints[index][1] })
const pose = (more: Partial<Pose>): Pose => ({ body: NOBODY, hands: [], face: [], ...more })
const pixel = ({ width, data }: Canvas, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
]
const BLACK = [0, 0, 0]

describe('drawPoses', () => {
  it('draws nothing of nobody', () => {
    expect(drawPoses([], 8, 8).data.every((value) => value === 0)).toBe(true)
    expect(drawPoses([pose({})], 8, 8).data.every((value) => value === 0)).toBe(true)
  })

  it('draws joints in full colours over bones at three fifths of theirs', () => {
    // Neck and right shoulder, joints 1 and 2: bone 0 is red, as the extension's palette begins.
    const canvas = drawPoses([pose({ body: withJoints({ 1: [10, 20], 2: [50, 20] }) })], 64, 40)
    expect(pixel(canvas, 30, 20)).toEqual([153, 0, 0])
    expect(pixel(canvas, 10, 20)).toEqual([255, 85, 0])
    expect(pixel(canvas, 50, 20)).toEqual([255, 170, 0])
    expect(pixel(canvas, 30, 30)).toEqual(BLACK)
  })

  it('draws a bone only where both of its joints were seen', () => {
    const canvas = drawPoses([pose({ body: withJoints({ 1: [10, 20], 4: [50, 20] }) })], 64, 40)
    expect([pixel(canvas, 30, 20), pixel(canvas, 10, 20), pixel(canvas, 50, 20)]).toEqual([
      BLACK,
      [255, 85, 0],
      [170, 255, 0],
    ])
  })

  it('takes points that all lie between 0 and 1 as shares of the canvas, of each body, hand and face by itself', () => {
    const inShares = drawPoses(
      [pose({ body: withJoints({ 0: [0.5, 0.25] }), face: [{ x: 20, y: 5 }] })],
      40,
      40,
    )
    expect(pixel(inShares, 20, 10)).toEqual([255, 0, 0])
    expect(pixel(inShares, 20, 5)).toEqual([255, 255, 255])
    // One point further out makes all of them pixels.
    const inPixels = drawPoses([pose({ body: withJoints({ 0: [0.5, 0.25], 5: [20, 20] }) })], 40, 40)
    expect(pixel(inPixels, 20, 10)).toEqual(BLACK)
    expect(pixel(inPixels, 0, 0)).toEqual([255, 0, 0])
  })

  it('leaves out points of hands and faces at the upper and left edges', () => {
    const face = [
      { x: 0.5, y: 30 },
      { x: 30, y: 0 },
    ]
    expect(drawPoses([pose({ face })], 40, 40).data.every((value) => value === 0)).toBe(true)
  })

  it('draws a hand in the colours of the rainbow, its points in blue', () => {
    const hand = Array.from({ length: 21 }, (_, index) => ({ x: 10 + 10 * index, y: 20 }))
    const canvas = drawPoses([pose({ hands: [hand, []] })], 240, 40)
    expect(pixel(canvas, 10, 20)).toEqual([0, 0, 255])
    // Bone 19 of 20, between points 19 and 20: hue 0.95.
    expect(pixel(canvas, 205, 20)).toEqual([255, 0, 77])
  })

  it.each([
    ['a body of 17 joints', pose({ body: NOBODY.slice(1) }), 'IndexError', 'list index out of range'],
    [
      'a hand of 20 points',
      pose({ hands: [Array.from({ length: 20 }, () => ({ x: 5, y: 5 }))] }),
      'IndexError',
      'range',
    ],
    ['a point too far away', pose({ face: [{ x: 40_000, y: 5 }] }), 'OverflowError', 'pixels away'],
    ['a share too large', pose({ face: [{ x: 3, y: -1e9 }] }), 'OverflowError', 'pixels away'],
  ])('refuses %s', (_what, person, exception, message) => {
    const attempt = () => drawPoses([person], 8, 8)
    expect(attempt).toThrow(PoseError)
    expect(attempt).toThrow(expect.objectContaining({ exception }) as Error)
    expect(attempt).toThrow(message)
  })
})
