import type { Pixels } from '../../../image/pixels.ts'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import { samplePicture } from './sample-picture.ts'

/** Corners of a box in a picture, pixels. */
export interface PersonBox {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Side of the pictures the detector takes, and the grey around smaller ones. */
const SIDE = 640
const GREY = 114
/** Steps of the three grids it looks at the picture through. */
const STRIDES = [8, 16, 32]
/** Numbers of a cell ahead of its classes: centre, size, and whether anything is there. */
const HEAD = 5
/** The class of people is the first. */
const LEAST_SCORE = { anything: 0.1, person: 0.3 }
/** Boxes that share more than this part of their union are one person's. */
const MOST_SHARED = 0.45

/** A picture as YOLOX takes it, [1, 3, 640, 640], and what it was scaled by. */
export function toDetectorInput(picture: Pixels): { readonly image: Tensor; readonly ratio: number } {
  const ratio = Math.min(SIDE / picture.height, SIDE / picture.width)
  const size = { width: Math.trunc(picture.width * ratio), height: Math.trunc(picture.height * ratio) }
  const step = [picture.width / size.width, picture.height / size.height] as const
  const offset = [step[0] / 2 - 0.5, step[1] / 2 - 0.5] as const
  const { data } = samplePicture(picture, size, { step, offset, beyond: 'edge' })
  const image = createTensor([1, 3, SIDE, SIDE])
  image.data.fill(GREY)
  for (let y = 0; y < size.height; y += 1)
    for (let x = 0; x < size.width; x += 1)
      for (let c = 0; c < 3; c += 1)
        image.data[(c * SIDE + y) * SIDE + x] = data[3 * (y * size.width + x) + c]!
  return { image, ratio }
}

interface Candidate extends PersonBox {
  readonly score: number
}

/**
 * The people in the detector's output [1, cells, 5 + classes], the surest first; undefined when it saw nothing at all, of
 * any class.
 */
export function findPeople({ shape, data }: Tensor, ratio: number): PersonBox[] | undefined {
  const width = shape.at(-1)!
  const candidates: Candidate[] = []
  let seesAnything = false
  listCells().forEach(({ x, y, stride }, cell) => {
    const values = data.subarray(cell * width, (cell + 1) * width)
    const classes = values.subarray(HEAD).map((value) => value * values[4]!)
    seesAnything ||= classes.some((score) => score > LEAST_SCORE.anything)
    const score = classes[0]!
    if (score <= LEAST_SCORE.anything) return
    const [centreX, centreY] = [(values[0]! + x) * stride, (values[1]! + y) * stride]
    const [halfWidth, halfHeight] = [(Math.exp(values[2]!) * stride) / 2, (Math.exp(values[3]!) * stride) / 2]
    candidates.push({
      left: (centreX - halfWidth) / ratio,
      top: (centreY - halfHeight) / ratio,
      right: (centreX + halfWidth) / ratio,
      bottom: (centreY + halfHeight) / ratio,
      score,
    })
  })
  if (!seesAnything) return undefined
  return keepApart(candidates).filter(({ score }) => score > LEAST_SCORE.person)
}

function listCells(): { readonly x: number; readonly y: number; readonly stride: number }[] {
  return STRIDES.flatMap((stride) => {
    const side = SIDE / stride
    return Array.from({ length: side * side }, (_, i) => ({ x: i % side, y: Math.floor(i / side), stride }))
  })
}

/** The surest of boxes that lie over one another. */
function keepApart(candidates: readonly Candidate[]): Candidate[] {
  const kept: Candidate[] = []
  for (const box of [...candidates].sort((a, b) => b.score - a.score))
    if (kept.every((other) => shareOf(other, box) <= MOST_SHARED)) kept.push(box)
  return kept
}

function shareOf(a: PersonBox, b: PersonBox): number {
  const width = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1)
  const height = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + 1)
  const common = width * height
  return common / (areaOf(a) + areaOf(b) - common)
}

function areaOf({ left, top, right, bottom }: PersonBox): number {
  return (right - left + 1) * (bottom - top + 1)
}
