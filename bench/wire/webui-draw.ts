import { encodeImage } from '../../apps/gpu-worker/src/engine/image/encode-image.ts'
import { toFinalSize, type Draw } from '../../apps/gateway/src/sdapi/test-kit/flat-worker.ts'

/** Draws a grey picture and encodes it as the worker does, metadata included. */
export const drawWithMetadata: Draw = async (job, image) => {
  const { width, height } = toFinalSize(job)
  const data = new Uint8Array(width * height * 3).fill(128)
  const { output } = job
  const isSilent = output?.omitMetadata === true || image.infotext === ''
  const { bytes, mediaType } = await encodeImage(
    { width, height, channels: 3, data },
    {
      format: output?.format ?? 0,
      texts: isSilent ? [] : [{ keyword: 'parameters', text: image.infotext }],
      ...(output !== undefined && output.quality > 0 ? { quality: output.quality } : {}),
    },
  )
  return { bytes, mediaType, width, height }
}
