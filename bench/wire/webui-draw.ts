import { Job } from '@atelier/proto'
import { runExtras } from '../../apps/gpu-worker/src/engine/extras/run-extras.ts'
import { encodeImage } from '../../apps/gpu-worker/src/engine/image/encode-image.ts'
import type { JobContext } from '../../apps/gpu-worker/src/engine/job-context.ts'
import { ModelStore } from '../../apps/gpu-worker/src/engine/models/model-store.ts'
import { toFinalSize, type Draw, type DrawExtras } from '../../apps/gateway/src/sdapi/test-kit/flat-worker.ts'

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

/** Runs an extras job as the worker does; it needs no models. */
export const drawExtras: DrawExtras = async (job, sources) => {
  const inputs = new Map(
    job.pictures.map(({ image }, i) => [image?.key ?? '', sources[i] ?? new Uint8Array()]),
  )
  const context: JobContext = {
    ...{ job: Job.fromPartial({}), inputs, cancelled: new AbortController().signal },
    takeSkip: () => false,
    finishPixels: (pixels) => pixels,
    tell: () => undefined,
    sendEarly: () => undefined,
    allocate: async () => 1,
  }
  const models = new ModelStore({
    ...{ session: { device: 'cpu', threads: 1 }, budgetBytes: 0, maxBatchElements: 1 },
    onResidentsChanged: () => undefined,
  })
  const { files } = await runExtras(job, context, models)
  return files.map(({ file, bytes, mediaType }) => ({
    ...{ bytes, mediaType, width: file.width, height: file.height },
  }))
}
