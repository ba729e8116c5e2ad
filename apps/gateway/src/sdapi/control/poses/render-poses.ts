import type { Context } from 'hono'
import sharp from 'sharp'
import type { ExactValue } from '@atelier/catalog/exact-json'
import { drawPoses, PoseError, type Keypoints, type Pose } from '@atelier/catalog/poses'
import type { GatewayEnv } from '../../../deps.ts'
import { httpException, jsonAnswer, pythonException } from '../../errors.ts'
import type { FieldDefinition } from '../../request/field.ts'
import { readBody } from '../../request/read-body.ts'
import { validateRecords, type CheckedFields } from '../../request/validate.ts'

const REQUIRED = { isRequired: true, isNullable: false } as const
const PERSON_FIELDS: readonly FieldDefinition[] = [
  { name: 'pose_keypoints_2d', type: 'floats', ...REQUIRED },
  { name: 'hand_right_keypoints_2d', type: 'floats' },
  { name: 'hand_left_keypoints_2d', type: 'floats' },
  { name: 'face_keypoints_2d', type: 'floats' },
]
const POSE_FIELDS: readonly FieldDefinition[] = [
  { name: 'people', type: 'list', items: PERSON_FIELDS, ...REQUIRED },
  { name: 'canvas_width', type: 'integer', ...REQUIRED },
  { name: 'canvas_height', type: 'integer', ...REQUIRED },
]

/** Pixels of all pictures of a request together. */
const MAX_PIXELS = 64_000_000
/** Confidence from which a keypoint was seen. */
const SEEN = 1

/** POST /controlnet/render_openpose_json: pictures of poses as OpenPose writes them. */
export async function handleRenderPoses(c: Context<GatewayEnv>): Promise<Response> {
  const drawings = validateRecords((await readBody(c)) ?? [], POSE_FIELDS)
  if (drawings.length === 0) return jsonAnswer(new Map([['info', 'No pose data detected.']]))
  checkSizes(drawings)
  const images: ExactValue[] = []
  for (const drawing of drawings) images.push((await render(drawing)).toString('base64'))
  return jsonAnswer(
    new Map<string, ExactValue>([
      ['images', images],
      ['info', 'Success'],
    ]),
  )
}

function sizeOf(drawing: CheckedFields): { width: number; height: number } {
  return { width: Number(drawing.get('canvas_width')), height: Number(drawing.get('canvas_height')) }
}

function checkSizes(drawings: readonly CheckedFields[]): void {
  const sizes = drawings.map(sizeOf)
  if (sizes.some(({ width, height }) => width < 0 || height < 0))
    throw pythonException('ValueError', 'negative dimensions are not allowed')
  if (sizes.some(({ width, height }) => width === 0 || height === 0))
    throw pythonException('SystemError', 'tile cannot extend outside image')
  const pixels = sizes.reduce((sum, { width, height }) => sum + width * height, 0)
  if (pixels > MAX_PIXELS)
    throw httpException(422, `canvases of ${pixels} pixels are larger than ${MAX_PIXELS} together`)
}

async function render(drawing: CheckedFields): Promise<Buffer> {
  const { width, height } = sizeOf(drawing)
  const poses = (drawing.get('people') as readonly CheckedFields[]).map(toPose)
  const { data } = draw(poses, width, height)
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

function draw(...args: Parameters<typeof drawPoses>): ReturnType<typeof drawPoses> {
  try {
    return drawPoses(...args)
  } catch (error) {
    if (error instanceof PoseError) throw pythonException(error.exception, error.message)
    throw error
  }
}

function toPose(person: CheckedFields): Pose {
  const read = (name: string) => toKeypoints((person.get(name) ?? []) as readonly number[])
  const body = read('pose_keypoints_2d')
  // The original goes over no list at all.
  if (body.length === 0) throw pythonException('TypeError', "'NoneType' object is not iterable")
  return {
    body,
    hands: ['hand_left_keypoints_2d', 'hand_right_keypoints_2d'].map(read),
    face: read('face_keypoints_2d'),
  }
}

function toKeypoints(numbers: readonly number[]): Keypoints {
  if (numbers.length % 3 !== 0) throw pythonException('AssertionError', '')
  return Array.from({ length: numbers.length / 3 }, (_, index) => {
    const [x, y, confidence] = numbers.slice(3 * index, 3 * index + 3) as [number, number, number]
    return confidence < SEEN ? undefined : { x, y }
  })
}
