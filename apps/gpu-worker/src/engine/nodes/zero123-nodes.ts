import { EngineError } from '../engine-error.ts'
import type {
  ConditioningValue,
  LatentValue,
  NodeContext,
  VaeValue,
  VisionValue,
} from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { sliceAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { upscale } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import type { NodeTable } from './node-table.ts'
import { encodePictures } from './vae-encode.ts'
import { encodeVision } from './vision-nodes.ts'

/** A picture seen from elsewhere (Stable Zero123; Liu et al. 2023, arXiv 2303.11328). */
export const zero123Nodes: NodeTable = {
  StableZero123_Conditioning: async (inputs, context) => {
    const { picture, shown, samples } = await readScene(inputs, context)
    const tokens = joinCameras(picture, [readCamera(inputs)])
    return { outputs: [...guide(tokens, picture, shown), { samples } satisfies LatentValue] }
  },
  StableZero123_Conditioning_Batched: async (inputs, context) => {
    const { picture, shown, samples } = await readScene(inputs, context)
    const { elevation, azimuth } = readCamera(inputs)
    const [up, around] = ['elevation_batch_increment', 'azimuth_batch_increment'].map((name) =>
      inputs.number(name),
    ) as [number, number]
    const images = samples.shape[0]!
    const cameras: Camera[] = []
    for (let i = 0, at = { elevation, azimuth }; i < images; i += 1) {
      cameras.push(at)
      at = { elevation: at.elevation + up, azimuth: at.azimuth + around }
    }
    const tokens = joinCameras(picture, cameras)
    // Every picture begins with the same noise.
    const latent: LatentValue = { samples, batchIndex: new Array<number>(images).fill(0) }
    return { outputs: [...guide(tokens, picture, shown), latent] }
  },
}

/** Where a picture is to be seen from, degrees from where it was taken. */
interface Camera {
  readonly elevation: number
  readonly azimuth: number
}

function readCamera(inputs: NodeInputs): Camera {
  return { elevation: inputs.number('elevation'), azimuth: inputs.number('azimuth') }
}

/** What CLIP says of the picture [1, 1, width], its latent, and empty latents for those that are to be made. */
async function readScene(
  inputs: NodeInputs,
  context: NodeContext,
): Promise<{ picture: Tensor; shown: Tensor; samples: Tensor }> {
  const image = inputs.value<Tensor>('init_image')
  if (image.shape[0] !== 1)
    throw new EngineError('node-failed', `one picture is seen from elsewhere, not ${image.shape[0]}`)
  const { embeddings } = await encodeVision(inputs.value<VisionValue>('clip_vision'), image, {
    isCropped: true,
    models: context.models,
  })
  const [width, height] = [inputs.integer('width'), inputs.integer('height')]
  const sized = upscale(toChannelsFirst(image), { width, height }, { method: 'bilinear', crop: 'center' })
  const pixels = sliceAxis(toChannelsLast(sized), 3, { from: 0, to: 3 })
  return {
    picture: createTensor([1, 1, embeddings.shape[1]!], embeddings.data),
    shown: await encodePictures(pixels, inputs.value<VaeValue>('vae'), context),
    samples: createTensor([inputs.integer('batch_size'), 4, Math.floor(height / 8), Math.floor(width / 8)]),
  }
}

const toRadians = (degrees: number) => Math.fround(Math.fround(degrees) * (Math.PI / 180))

/** The picture and each camera, [cameras, 1, width + 4]. */
function joinCameras(picture: Tensor, cameras: readonly Camera[]): Tensor {
  const rows = cameras.map(({ elevation, azimuth }) => [
    ...picture.data,
    toRadians(-elevation),
    Math.sin(toRadians(azimuth)),
    Math.cos(toRadians(azimuth)),
    toRadians(90),
  ])
  return createTensor([cameras.length, 1, rows[0]!.length], Float32Array.from(rows.flat()))
}

/** Guided towards the picture, away from none. */
function guide(tokens: Tensor, picture: Tensor, shown: Tensor): [ConditioningValue, ConditioningValue] {
  return [
    [{ tokens, concatLatent: shown }],
    [{ tokens: createTensor(picture.shape), concatLatent: createTensor(shown.shape) }],
  ]
}
