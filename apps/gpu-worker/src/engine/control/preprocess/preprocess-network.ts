import { readFileSync, statSync } from 'node:fs'
import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import { isDeviceLost, isOutOfMemory } from '../../engine-error.ts'
import type { Loaded } from '../../models/loaded.ts'
import type { RunnableModel } from '../../onnx/runtime/model-runtime.ts'
import { NODE_BINDING } from '../../onnx/runtime/node-binding.ts'
import { toModelOptions, type SessionOptions } from '../../onnx/session.ts'
import type { Size } from '../../opencv/raster.ts'
import type { Tensor } from '../../tensor/tensor.ts'

/** A preprocessor's network ready to be called; it is loaded at its first call. */
export interface PreprocessNetwork {
  /** The only size it takes, pixels; undefined: any. */
  size(): Promise<Size | undefined>
  /** Its first output for a picture [1, 3, height, width]. */
  run(image: Tensor): Promise<Tensor>
  /** All of its outputs, in their order. */
  runAll(image: Tensor): Promise<readonly Tensor[]>
}

/** ONNX files are protobuf, which ends at 2 GiB. */
const MAX_BYTES = 2 ** 31 - 1

/**
 * Opens a preprocessor's ONNX file. It is read whole and given to ONNX Runtime as bytes, so that it can name no other file.
 * @throws CheckpointError when it is too large; its methods when it holds no network of one picture and one map
 */
export function openPreprocessNetwork(path: string, options: SessionOptions): Loaded<PreprocessNetwork> {
  const { size } = statSync(path)
  if (size > MAX_BYTES)
    throw new CheckpointError('over-limit', path, `it has ${size} bytes, more than ${MAX_BYTES}`)
  let opened: Promise<RunnableModel> | undefined
  // What could not be opened is tried again at the next call: there may be room by then.
  const open = () =>
    (opened ??= createNetwork(path, options).catch((error: unknown) => {
      opened = undefined
      throw error
    }))
  const runAll = async (image: Tensor): Promise<readonly Tensor[]> => {
    const model = await open()
    const results = await model.run({ [model.inputs[0]!.name]: image }, model.outputs)
    return model.outputs.map((name) => results[name]!)
  }
  return {
    value: {
      size: async () => readSize(await open()),
      run: async (image) => (await runAll(image))[0]!,
      runAll,
    },
    costBytes: size,
    release: async () => (await opened?.catch(() => undefined))?.release(),
  }
}

async function createNetwork(path: string, options: SessionOptions): Promise<RunnableModel> {
  if (!options.isAllowedFile(path))
    throw new CheckpointError('unreadable', path, 'it is not one of the model files this worker may open')
  const { runtime = NODE_BINDING } = options
  const model = await runtime.load(readFileSync(path), toModelOptions(options)).catch((cause: unknown) => {
    if (isOutOfMemory(cause) || isDeviceLost(cause)) throw cause
    throw new CheckpointError('malformed', path, `ONNX Runtime refuses it: ${(cause as Error).message}`, {
      cause,
    })
  })
  const [input, ...more] = model.inputs
  if (input?.isFloat !== true || input.shape.length !== 4 || more.length > 0) {
    await model.release()
    const given = model.inputs.map(({ name }) => name).join(', ')
    throw new CheckpointError(
      'unknown-structure',
      path,
      `it must take one f32 picture [1, 3, height, width]; its inputs are ${given}`,
    )
  }
  return model
}

/** Sizes that are no numbers are free. */
function readSize({ inputs: [input] }: RunnableModel): Size | undefined {
  const [height, width] = input?.shape.slice(2) ?? []
  return height !== undefined && width !== undefined && height > 0 && width > 0
    ? { width, height }
    : undefined
}
