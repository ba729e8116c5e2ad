import type { Tensor } from '../tensor/tensor.ts'
import { resizeTensor, type ResizeMethod } from './resize-tensor.ts'

/** A1111's ways of enlarging a latent, by the name of its upscaler. */
const METHODS: ReadonlyMap<string, ResizeMethod> = new Map([
  ['Latent', 'bilinear'],
  ['Latent (antialiased)', 'bilinear-antialiased'],
  ['Latent (bicubic)', 'bicubic'],
  ['Latent (bicubic antialiased)', 'bicubic-antialiased'],
  ['Latent (nearest)', 'nearest'],
  ['Latent (nearest-exact)', 'nearest-exact'],
])

/** How an upscaler of that name resizes latents; undefined for one of pictures. */
export function findLatentMethod(upscaler: string): ResizeMethod | undefined {
  return METHODS.get(upscaler)
}

/** Resizes latents [batch, channels, h, w]. */
export function resizeLatent(
  latent: Tensor,
  { width, height }: { readonly width: number; readonly height: number },
  method: ResizeMethod,
): Tensor {
  return resizeTensor(latent, width, height, method)
}
