import type { ConditioningValue, LatentValue, VaeValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { roundHalfEven } from '../resample/common-upscale.ts'
import { resizeTensor } from '../resample/resize-tensor.ts'
import { mapTensor, sliceAxis } from '../tensor/blocks.ts'
import { cropPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'
import { encodePictures } from './vae-encode.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8

/** Pictures and masks for models that take more than noisy latents. */
export const inpaintNodes: NodeTable = {
  VAEEncodeForInpaint: async (inputs, context) => {
    const { pictures, mask } = readMasked(inputs)
    const samples = await encodePictures(hide(pictures, mask), inputs.value<VaeValue>('vae'), context)
    const noiseMask = growRounded(mask, inputs.integer('grow_mask_by'))
    return { outputs: [{ samples, noiseMask } satisfies LatentValue] }
  },
  InpaintModelConditioning: async (inputs, context) => {
    const { pictures, mask } = readMasked(inputs)
    const vae = inputs.value<VaeValue>('vae')
    const concatLatent = await encodePictures(hide(pictures, mask), vae, context)
    const samples = await encodePictures(inputs.value<Tensor>('pixels'), vae, context)
    const show = (name: string) =>
      inputs.value<ConditioningValue>(name).map((entry) => ({ ...entry, concatLatent, concatMask: mask }))
    const latent: LatentValue = inputs.flag('noise_mask') ? { samples, noiseMask: mask } : { samples }
    return { outputs: [show('positive'), show('negative'), latent] }
  },
  InstructPixToPixConditioning: async (inputs, context) => {
    const concatLatent = await encodePictures(
      inputs.value<Tensor>('pixels'),
      inputs.value<VaeValue>('vae'),
      context,
    )
    const show = (name: string) =>
      inputs.value<ConditioningValue>(name).map((entry) => ({ ...entry, concatLatent }))
    const samples = createTensor(concatLatent.shape)
    return { outputs: [show('positive'), show('negative'), { samples } satisfies LatentValue] }
  },
}

/** Pictures cut to whole latent pixels, and the mask [masks, 1, h, w] brought to their size and cut with them. */
function readMasked(inputs: NodeInputs): { pictures: Tensor; mask: Tensor } {
  const pixels = inputs.value<Tensor>('pixels')
  const given = inputs.value<Tensor>('mask')
  const [, height, width] = pixels.shape as [number, number, number]
  const [maskHeight, maskWidth] = given.shape.slice(-2) as [number, number]
  const planes = createTensor(
    [given.data.length / (maskHeight * maskWidth), 1, maskHeight, maskWidth],
    given.data,
  )
  const box = {
    top: Math.floor((height % LATENT_PIXELS) / 2),
    left: Math.floor((width % LATENT_PIXELS) / 2),
    height: height - (height % LATENT_PIXELS),
    width: width - (width % LATENT_PIXELS),
  }
  const rows = sliceAxis(pixels, 1, { from: box.top, to: box.top + box.height })
  return {
    pictures: sliceAxis(rows, 2, { from: box.left, to: box.left + box.width }),
    mask: cropPlanes(resizeTensor(planes, width, height, 'bilinear'), box),
  }
}

/** Pictures that are grey where the mask is above a half. */
function hide(pictures: Tensor, mask: Tensor): Tensor {
  const [, height, width, channels] = pictures.shape as [number, number, number, number]
  const size = height * width
  return createTensor(
    pictures.shape,
    pictures.data.map((value, i) => {
      const pixel = Math.floor(i / channels)
      const at = (Math.floor(pixel / size) % mask.shape[0]!) * size + (pixel % size)
      return Math.fround(value - 0.5) * (1 - roundHalfEven(mask.data[at]!)) + 0.5
    }),
  )
}

/** A mask rounded and grown by a square of that side, whose centre lies right of the middle where it is even. */
function growRounded(mask: Tensor, side: number): Tensor {
  const rounded = mapTensor(mask, roundHalfEven)
  if (side === 0) return rounded
  const before = Math.ceil((side - 1) / 2)
  return growAlong(growAlong(rounded, 3, { before, side }), 2, { before, side })
}

function growAlong(mask: Tensor, axis: 2 | 3, { before, side }: { before: number; side: number }): Tensor {
  const [, , height, width] = mask.shape as [number, number, number, number]
  const [count, stride] = axis === 3 ? [width, 1] : [height, width]
  return createTensor(
    mask.shape,
    mask.data.map((_, i) => {
      const at = Math.floor(i / stride) % count
      for (let k = Math.max(at - before, 0); k <= Math.min(at - before + side - 1, count - 1); k += 1)
        if (mask.data[i + (k - at) * stride]! > 0) return 1
      return 0
    }),
  )
}
