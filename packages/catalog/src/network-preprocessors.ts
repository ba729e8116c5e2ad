/** How a network takes a picture, and what its first output means. */
export interface NetworkPreprocessor {
  /** Preprocessor of the ControlNet extension. */
  readonly name: string
  /**
   * Samples it is given, [1, 3, height, width]: 0 to 255; 0 to 1; -1 to 1; 0 to 1 with ImageNet's mean and deviation taken
   * out; or 0 to 255 with those of 0 to 1 taken out, in the channels' order.
   */
  readonly input: 'bytes' | 'unit' | 'signed' | 'imagenet' | 'imagenet-bytes'
  /** It takes blue first. */
  readonly takesBlueFirst?: boolean
  /**
   * Depth of any scale, near is large; distance of any scale, near is small; edges, 0 to 1; lines that are dark on white,
   * 0 to 1; or normals, -1 to 1 in three channels.
   */
  readonly output: 'depth' | 'distance' | 'edges' | 'dark-lines' | 'normals'
  /** Sides of its pictures are multiples of this, pixels; one with a fixed size has that. */
  readonly multiple: number
  /** Edges are brought to this many levels above none; absent: they stay as they are. */
  readonly levels?: number
}

const SIDES = 64
/** Patches of Depth Anything's transformer, pixels. */
const PATCH = 14

/** Preprocessors that are one network each, as their published models take pictures. */
export const NETWORK_PREPROCESSORS: readonly NetworkPreprocessor[] = [
  { name: 'depth', input: 'signed', output: 'depth', multiple: SIDES },
  { name: 'depth_anything', input: 'imagenet', output: 'depth', multiple: PATCH },
  { name: 'depth_anything_v2', input: 'imagenet', output: 'depth', multiple: PATCH },
  {
    name: 'depth_leres',
    input: 'imagenet-bytes',
    takesBlueFirst: true,
    output: 'distance',
    multiple: SIDES,
  },
  { name: 'hed', input: 'bytes', output: 'edges', multiple: SIDES },
  { name: 'hed_safe', input: 'bytes', output: 'edges', multiple: SIDES, levels: 2 },
  { name: 'pidinet', input: 'unit', takesBlueFirst: true, output: 'edges', multiple: SIDES },
  { name: 'pidinet_safe', input: 'unit', takesBlueFirst: true, output: 'edges', multiple: SIDES, levels: 2 },
  { name: 'lineart', input: 'unit', output: 'dark-lines', multiple: SIDES },
  { name: 'lineart_coarse', input: 'unit', output: 'dark-lines', multiple: SIDES },
  { name: 'lineart_anime', input: 'signed', output: 'dark-lines', multiple: SIDES },
  { name: 'normal_bae', input: 'imagenet', output: 'normals', multiple: SIDES },
]

/** Whether a file of that name, without folders and extension, is a network of some preprocessor. */
export function isPreprocessorFile(name: string): boolean {
  return (
    findNetworkPreprocessor(name) !== undefined || Object.values<string>(POSE_PREPROCESSOR).includes(name)
  )
}

/** The preprocessor of that name that is a network alone; undefined for others. */
export function findNetworkPreprocessor(name: string): NetworkPreprocessor | undefined {
  return NETWORK_PREPROCESSORS.find((one) => one.name === name)
}

/** The preprocessor of poses (DWPose), and the files of its two networks as they are published, without extension. */
export const POSE_PREPROCESSOR = {
  name: 'dw_openpose_full',
  /** Finds people. */
  detector: 'yolox_l',
  /** Finds the joints of one. */
  joints: 'dw-ll_ucoco_384',
} as const

/** The preprocessor a network's file is for: its name without folders and extension. */
export function toPreprocessorName(fileName: string): string {
  return fileName.slice(fileName.lastIndexOf('/') + 1).replace(/\.onnx$/i, '')
}
