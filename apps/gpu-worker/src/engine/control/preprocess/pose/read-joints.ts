import type { Keypoints, Point, Pose } from '@atelier/catalog/poses'
import type { Pixels } from '../../../image/pixels.ts'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import type { PersonBox } from './find-people.ts'
import { samplePicture } from './sample-picture.ts'

/** Size of the pictures the network takes. */
const SIZE = { width: 288, height: 384 }
/** What is shown around a person. */
const PADDING = 1.25
const MEAN = [123.675, 116.28, 103.53] as const
const DEVIATION = [58.395, 57.12, 57.375] as const
/** Places the network tells apart in a pixel. */
const PLACES = 2
/** Score from which a joint is there. */
const LEAST_SCORE = 0.3

/** The part of a picture that a person is looked for in, by its middle and size, pixels. */
export interface PersonFrame {
  readonly centre: Point
  readonly width: number
  readonly height: number
}

/** The frame of a box, of the shape the network takes. */
export function toFrame({ left, top, right, bottom }: PersonBox): PersonFrame {
  const [width, height] = [(right - left) * PADDING, (bottom - top) * PADDING]
  const shape = SIZE.width / SIZE.height
  const centre = { x: (left + right) / 2, y: (top + bottom) / 2 }
  return width > height * shape
    ? { centre, width, height: width / shape }
    : { centre, width: height * shape, height }
}

/** What a frame shows, as the network takes it, [1, 3, 384, 288]; black beyond the picture. */
export function toJointsInput(picture: Pixels, { centre, width }: PersonFrame): Tensor {
  const step = width / SIZE.width
  const offset = [centre.x - (SIZE.width / 2) * step, centre.y - (SIZE.height / 2) * step] as const
  const { data } = samplePicture(picture, SIZE, { step: [step, step], offset, beyond: 'black' })
  const plane = SIZE.width * SIZE.height
  const image = createTensor([1, 3, SIZE.height, SIZE.width])
  for (let i = 0; i < plane; i += 1)
    for (let c = 0; c < 3; c += 1) image.data[c * plane + i] = (data[3 * i + c]! - MEAN[c]!) / DEVIATION[c]!
  return image
}

/** A point with the network's score. */
interface Joint extends Point {
  readonly score: number
}

/** The pose of the network's answers [1, 133, places] for columns and rows. */
export function readPose(columns: Tensor, rows: Tensor, frame: PersonFrame): Pose {
  const joints = toOpenposeOrder(readJoints(columns, rows, frame))
  const take = (from: number, to: number): Keypoints => joints.slice(from, to).map(whereSure)
  const orNone = (points: Keypoints): Keypoints => (points.some((point) => point !== undefined) ? points : [])
  const body = take(0, 18)
  const face = orNone(take(24, 92))
  return {
    body,
    hands: [orNone(take(92, 113)), orNone(take(113, 134))],
    // OpenPose counts the eyes among the face's points.
    face: face.length === 0 ? [] : [...face, body[14], body[15]],
  }
}

function whereSure({ x, y, score }: Joint): Point | undefined {
  return score >= LEAST_SCORE ? { x, y } : undefined
}

function readJoints(columns: Tensor, rows: Tensor, { centre, width, height }: PersonFrame): Joint[] {
  return Array.from({ length: columns.shape[1]! }, (_, joint) => {
    const [x, y] = [findPeak(columns, joint), findPeak(rows, joint)]
    const score = Math.min(x.value, y.value)
    // A joint that nothing speaks for is put outside.
    const place = (at: number) => (score <= 0 ? -1 : at) / PLACES
    return {
      x: (place(x.at) / SIZE.width) * width + centre.x - width / 2,
      y: (place(y.at) / SIZE.height) * height + centre.y - height / 2,
      score,
    }
  })
}

function findPeak({ shape, data }: Tensor, row: number): { readonly at: number; readonly value: number } {
  const width = shape.at(-1)!
  let at = 0
  for (let i = 1; i < width; i += 1) if (data[row * width + i]! > data[row * width + at]!) at = i
  return { at, value: data[row * width + at]! }
}

const [LEFT_SHOULDER, RIGHT_SHOULDER] = [5, 6]
/** Where the neck is put. */
const NECK = 17
/** From where each joint of OpenPose's body is taken after that; what follows them stays. */
const BODY_FROM: readonly number[] = [0, 17, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]

/** COCO's joints in OpenPose's order, with a neck between the shoulders. */
function toOpenposeOrder(joints: readonly Joint[]): Joint[] {
  const [left, right] = [joints[LEFT_SHOULDER]!, joints[RIGHT_SHOULDER]!]
  const isSure = left.score > LEAST_SCORE && right.score > LEAST_SCORE
  const neck = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2, score: isSure ? 1 : 0 }
  const all = [...joints.slice(0, NECK), neck, ...joints.slice(NECK)]
  return all.map((joint, index) => all[BODY_FROM[index] ?? index] ?? joint)
}
