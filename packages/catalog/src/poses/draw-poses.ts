import { createCanvas, type Canvas, type Colour, type Point } from './raster.ts'
import { drawThickLine, fillCircle, fillPolygon, outlineEllipse, roundEven } from './draw-shapes.ts'

/** Points of a body, hand or face; undefined where one was not seen. */
export type Keypoints = readonly (Point | undefined)[]

/** A person: joints of the body (18 of them are drawn), 21 points of each hand, any number of the face. */
export interface Pose {
  readonly body: Keypoints
  readonly hands: readonly Keypoints[]
  readonly face: Keypoints
}

type Bone = readonly [from: number, to: number]

/** Bones of a body by the numbers of their joints. */
// prettier-ignore
const BONES: readonly Bone[] = [
  [1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13],
  [1, 0], [0, 14], [14, 16], [0, 15], [15, 17],
]
const JOINTS = 18
/** Colours of bones and joints, round the circle. */
// prettier-ignore
const COLOURS: readonly Colour[] = [
  [255, 0, 0], [255, 85, 0], [255, 170, 0], [255, 255, 0], [170, 255, 0], [85, 255, 0], [0, 255, 0],
  [0, 255, 85], [0, 255, 170], [0, 255, 255], [0, 170, 255], [0, 85, 255], [0, 0, 255], [85, 0, 255],
  [170, 0, 255], [255, 0, 255], [255, 0, 170], [255, 0, 85],
]
/** How much darker bones are than joints. */
const BONE_SHADE = 0.6
const [BONE_RADIUS, JOINT_RADIUS, FACE_RADIUS] = [4, 4, 3]

/** Bones of a hand: from the wrist, the same for each of five fingers of four points. */
const HAND_POINTS = 21
const HAND_BONES = Array.from({ length: 20 }, (_, bone): Bone => [bone % 4 === 0 ? 0 : bone, bone + 1])
const HAND_COLOUR: Colour = [0, 0, 255]
const HAND_THICKNESS = 2
const FACE_COLOUR: Colour = [255, 255, 255]

/** Points beyond this many pixels are on no picture. */
const FARTHEST = 32_768

/** A fault of a pose that cannot be drawn, in the words of the original's language. */
export class PoseError extends Error {
  override readonly name = 'PoseError'
  readonly exception: string

  constructor(exception: string, message: string) {
    super(message)
    this.exception = exception
  }
}

/**
 * Draws poses on black as the ControlNet extension does.
 * @throws PoseError for too few points of a body or hand, or points that are too far away
 */
export function drawPoses(poses: readonly Pose[], width: number, height: number): Canvas {
  const canvas = createCanvas(width, height)
  for (const { body, hands, face } of poses) {
    drawBody(canvas, place(body, canvas))
    for (const hand of hands) if (hand.length > 0) drawHand(canvas, place(hand, canvas))
    for (const point of place(face, canvas))
      if (isInside(point)) fillCircle(canvas, truncate(point), FACE_RADIUS, FACE_COLOUR)
  }
  return canvas
}

/** Points in pixels: those that are all between 0 and 1 are shares of the canvas. */
function place(points: Keypoints, { width, height }: Canvas): Keypoints {
  const seen = points.filter((point) => point !== undefined)
  const isShare = seen.length > 0 && seen.every(({ x, y }) => Math.abs(x) <= 1 && Math.abs(y) <= 1)
  const [across, down] = isShare ? [width, height] : [1, 1]
  return points.map((point) => {
    const placed = point && { x: point.x * across, y: point.y * down }
    const isNear = placed === undefined || Math.max(Math.abs(placed.x), Math.abs(placed.y)) <= FARTHEST
    if (isNear) return placed
    throw new PoseError('OverflowError', `a keypoint is more than ${FARTHEST} pixels away`)
  })
}

function drawBody(canvas: Canvas, joints: Keypoints): void {
  if (joints.length < JOINTS) throw new PoseError('IndexError', 'list index out of range')
  for (const [index, [from, to]] of BONES.entries()) {
    const [a, b] = [joints[from], joints[to]]
    if (a !== undefined && b !== undefined) drawBone(canvas, [a, b], COLOURS[index]!)
  }
  for (const [index, colour] of COLOURS.entries()) {
    const joint = joints[index]
    if (joint !== undefined) fillCircle(canvas, truncate(joint), JOINT_RADIUS, colour)
  }
}

/** An ellipse from joint to joint. */
function drawBone(canvas: Canvas, [a, b]: readonly [Point, Point], colour: Colour): void {
  const centre = truncate({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
  const half = Math.trunc(Math.sqrt((a.y - b.y) ** 2 + (a.x - b.x) ** 2) / 2)
  const angle = Math.trunc(Math.atan2(a.y - b.y, a.x - b.x) * (180 / Math.PI))
  const shade = colour.map((value) => Math.trunc(value * BONE_SHADE)) as unknown as Colour
  fillPolygon(canvas, outlineEllipse(centre, [half, BONE_RADIUS], angle), { colour: shade })
}

function drawHand(canvas: Canvas, points: Keypoints): void {
  if (points.length < HAND_POINTS) throw new PoseError('IndexError', 'list index out of range')
  for (const [index, [from, to]] of HAND_BONES.entries()) {
    const [a, b] = [points[from], points[to]]
    if (!isInside(a) || !isInside(b)) continue
    const colour = toRainbow(index / HAND_BONES.length)
    drawThickLine(canvas, [truncate(a), truncate(b)], { thickness: HAND_THICKNESS, colour })
  }
  for (const point of points)
    if (isInside(point)) fillCircle(canvas, truncate(point), JOINT_RADIUS, HAND_COLOUR)
}

/** Hands and faces have no points on the upper and left edges. */
function isInside(point: Point | undefined): point is Point {
  return point !== undefined && point.x >= 1 && point.y >= 1
}

function truncate({ x, y }: Point): Point {
  return { x: Math.trunc(x), y: Math.trunc(y) }
}

/** A full colour by its hue, 0 to 1. */
function toRainbow(hue: number): Colour {
  const sextant = Math.trunc(hue * 6)
  const rising = hue * 6 - sextant
  const [up, down] = [1 - (1 - rising), 1 - rising]
  const colours = [
    [1, up, 0],
    [down, 1, 0],
    [0, 1, up],
    [0, down, 1],
    [up, 0, 1],
    [1, 0, down],
  ] as const
  return colours[sextant % 6]!.map((value) => roundEven(value * 255)) as unknown as Colour
}
