import { formatExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import { drawPoses, type Keypoints, type Pose } from '@atelier/catalog/poses'
import type { Pixels } from '../../../image/pixels.ts'
import { EngineError } from '../../../engine-error.ts'
import type { PreprocessNetwork } from '../preprocess-network.ts'
import { cutPadding, toWorkingPicture } from '../working-picture.ts'
import { findPeople, toDetectorInput } from './find-people.ts'
import { readPose, toFrame, toJointsInput } from './read-joints.ts'

/** The networks of DWPose (Yang et al. 2023, arXiv 2307.15880). */
export interface PoseNetworks {
  readonly detector: PreprocessNetwork
  readonly joints: PreprocessNetwork
}

/** A picture of poses, and the poses as OpenPose writes them. */
export interface PoseMap {
  readonly picture: Pixels
  readonly json: string
}

/**
 * Draws the poses of the people in a picture at a resolution.
 * @throws EngineError `unusable-model` when a network is another than it is taken for
 */
export async function detectPoses(
  picture: Pixels,
  resolution: number,
  networks: PoseNetworks,
): Promise<PoseMap> {
  const { fitted, padded } = toWorkingPicture(picture, resolution)
  const poses = await findPoses(padded, networks)
  const { width, height } = padded
  const { data } = drawPoses(poses, width, height)
  const drawn = cutPadding({ width, height, channels: 3 as const, data }, fitted)
  return { picture: drawn, json: formatPoses(poses, { width, height }) }
}

async function findPoses(picture: Pixels, { detector, joints }: PoseNetworks): Promise<Pose[]> {
  const { image, ratio } = toDetectorInput(picture)
  const [seen] = await detector.runAll(image)
  if (seen === undefined || seen.shape.length !== 3 || seen.shape[1] !== CELLS)
    throw new EngineError('unusable-model', `the detector gives ${seen?.shape.join('x')}, not 1x${CELLS}x85`)
  const people = findPeople(seen, ratio)
  if (people === undefined) return []
  // Where it sees things but nobody, the whole picture is looked at.
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height }
  const poses: Pose[] = []
  for (const box of people.length === 0 ? [whole] : people) {
    const frame = toFrame(box)
    const [columns, rows] = await joints.runAll(toJointsInput(picture, frame))
    if (columns?.shape[1] !== JOINTS || rows?.shape[1] !== JOINTS)
      throw new EngineError('unusable-model', `the network of joints does not give ${JOINTS} of them twice`)
    poses.push(readPose(columns, rows, frame))
  }
  return poses
}

const CELLS = 8400
const JOINTS = 133

function formatPoses(poses: readonly Pose[], { width, height }: { width: number; height: number }): string {
  const people = poses.map(
    ({ body, hands: [left, right], face }) =>
      new Map<string, ExactValue>([
        ['pose_keypoints_2d', toNumbers(body)],
        ['face_keypoints_2d', toNumbers(face)],
        ['hand_left_keypoints_2d', toNumbers(left ?? [])],
        ['hand_right_keypoints_2d', toNumbers(right ?? [])],
      ]),
  )
  return formatExactJson(
    new Map<string, ExactValue>([
      ['people', people],
      ['animals', []],
      ['canvas_height', BigInt(height)],
      ['canvas_width', BigInt(width)],
    ]),
  )
}

function toNumbers(points: Keypoints): number[] | null {
  if (points.length === 0) return null
  return points.flatMap((point) => (point === undefined ? [0, 0, 0] : [point.x, point.y, 1]))
}
