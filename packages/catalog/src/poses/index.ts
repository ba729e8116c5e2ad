export { drawPoses, PoseError, type Keypoints, type Pose } from './draw-poses.ts'
export type { Canvas, Point } from './raster.ts'
