import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes } from '../checkpoint/weight-file.ts'
import type { Loaded } from '../models/loaded.ts'
import { buildUpscaler, detectUpscaler } from '../networks/upscalers/detect-upscaler.ts'
import { countWindow } from '../networks/upscalers/swinir.ts'
import { numberRegions } from '../networks/upscalers/swin-windows.ts'
import type { UpscalerArchitecture, UpscalerConfig } from '../networks/upscalers/upscaler-config.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { SessionInputs } from '../onnx/network-session.ts'
import { cropPlanes, padPlanes, unshufflePixels } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** An upscaler ready to be called; it is loaded at its first call. */
export interface UpscaleNetwork {
  readonly architecture: UpscalerArchitecture
  /** Output pixels for one input pixel, along a side. */
  readonly scale: number
  /** Upscales one picture [1, 3, height, width], 0 to 1, any size, to [1, 3, scale height, scale width], clamped. */
  readonly run: (image: Tensor) => Promise<Tensor>
}

/**
 * Opens an upscaler file: recognises it and prepares its network.
 * @throws CheckpointError when the file is malformed or holds no upscaler we know
 */
export function loadUpscaler(path: string, options: SessionOptions): Loaded<UpscaleNetwork> {
  const file = readWeightFile(path)
  const config = detectUpscaler(file)
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildUpscaler(file, config))
  const window = config.architecture === 'SwinIR' ? countWindow(file, config.prefix) : 0
  return {
    value: {
      architecture: config.architecture,
      scale: config.scale,
      async run(image) {
        const [, , height, width] = image.shape as [number, number, number, number]
        const padded = padToNetwork(image, config)
        const output = (await (await session()).run(toInputs(padded, config, window)))['upscaled']!
        const box = { top: 0, left: 0, height: height * config.scale, width: width * config.scale }
        return clamp(cropPlanes(output, box))
      },
    },
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}

function padToNetwork(image: Tensor, { minimumSide, multiples }: UpscalerConfig): Tensor {
  const [height, width] = image.shape.slice(2) as [number, number]
  let padded = padPlanes(image, Math.max(height, minimumSide), Math.max(width, minimumSide))
  for (const multiple of multiples) {
    const [rows, columns] = padded.shape.slice(2) as [number, number]
    padded = padPlanes(
      padded,
      Math.ceil(rows / multiple) * multiple,
      Math.ceil(columns / multiple) * multiple,
    )
  }
  return padded
}

function toInputs(padded: Tensor, { unshuffle }: UpscalerConfig, window: number): SessionInputs {
  const image = unshuffle > 1 ? unshufflePixels(padded, unshuffle) : padded
  if (window === 0) return { image }
  const [height, width] = image.shape.slice(2) as [number, number]
  const windows = (height * width) / (window * window)
  return { image, regions: createTensor([windows, window * window], numberRegions(height, width, window)) }
}

function clamp({ shape, data }: Tensor): Tensor {
  return createTensor(
    shape,
    data.map((value) => Math.min(Math.max(value, 0), 1)),
  )
}
