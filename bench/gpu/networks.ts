import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectUnet } from '../../apps/gpu-worker/src/engine/checkpoint/detect-unet.ts'
import { detectVae } from '../../apps/gpu-worker/src/engine/checkpoint/detect-vae.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { buildUnet } from '../../apps/gpu-worker/src/engine/networks/unet.ts'
import { buildVaeDecoder } from '../../apps/gpu-worker/src/engine/networks/vae.ts'
import type { Graph } from '../../apps/gpu-worker/src/engine/onnx/graph.ts'
import type { ModelRuntime } from '../../apps/gpu-worker/src/engine/onnx/runtime/model-runtime.ts'
import { createSession } from '../../apps/gpu-worker/src/engine/onnx/session.ts'
import type { Session } from '../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import {
  listClipShapes,
  listUnetShapes,
  listVaeShapes,
  SD15,
  SDXL,
  type UnetSize,
} from '../micro/checkpoint-shapes.ts'
import { countElements, writeRandomCheckpoint } from '../micro/random-checkpoint.ts'

/** Which network; all but the narrow one, SD 1.5 a fifth as wide, are of full size. */
export type NetworkName = 'sd15' | 'sdxl' | 'vae' | 'narrow'

/** A network on the device. */
export interface OpenNetwork {
  /** Seconds it took to be made ready. */
  readonly loadSeconds: number
  /** Seconds of one call. */
  call(rows: number, side: number): Promise<number>
  release(): Promise<void>
}

const NARROW: UnetSize = { ...SD15, modelChannels: SD15.modelChannels / 5, contextWidth: 96 }
const SIZES = { sd15: SD15, sdxl: SDXL, narrow: NARROW } as const

/** Writes a whole SD 1.5 checkpoint of random half-precision weights, unless it is there; returns its path. */
export function writeSd15(): string {
  const path = join(tmpdir(), 'atelier-random-sd15.safetensors')
  writeRandomCheckpoint(path, new Map([...listUnetShapes(SD15), ...listClipShapes(), ...listVaeShapes()]))
  return path
}

/** The UNet of a size, or SD 1.5's decoder, with random weights. */
export function describeNetwork(name: NetworkName): Graph {
  const file = readWeightFile(name === 'sdxl' || name === 'narrow' ? writeUnet(name) : writeSd15())
  return name === 'vae'
    ? buildVaeDecoder(file, detectVae(file, 'first_stage_model.')!)
    : buildUnet(file, detectUnet(file, 'model.diffusion_model.'))
}

/** Where a network is loaded. */
export interface Where {
  /** "cpu" or "cuda:N". */
  readonly device: string
  readonly runtime: ModelRuntime
}

/** Loads such a network on a device. */
export async function openNetwork(name: NetworkName, { device, runtime }: Where): Promise<OpenNetwork> {
  const start = performance.now()
  const session = await createSession(describeNetwork(name), {
    ...{ device, runtime },
    threads: 0,
    isAllowedFile: () => true,
  })
  const loadSeconds = (performance.now() - start) / 1000
  const size = name === 'vae' ? undefined : SIZES[name]
  return {
    loadSeconds,
    call: (rows, side) => time(session, size, [rows, side]),
    release: () => session.release(),
  }
}

async function time(
  session: Session,
  size: UnetSize | undefined,
  [rows, side]: readonly [number, number],
): Promise<number> {
  const latent = wave([rows, 4, side, side])
  const inputs =
    size === undefined
      ? { latent }
      : {
          latent,
          timesteps: createTensor([rows], new Float32Array(rows).fill(500)),
          context: wave([rows, 77, size.contextWidth]),
          ...(size.labelWidth > 0 ? { label: wave([rows, size.labelWidth]) } : {}),
        }
  const start = performance.now()
  await session.run(inputs)
  return (performance.now() - start) / 1000
}

function writeUnet(name: 'sdxl' | 'narrow'): string {
  const path = join(tmpdir(), `atelier-random-unet-${name}.safetensors`)
  writeRandomCheckpoint(path, listUnetShapes(SIZES[name]))
  return path
}

function wave(shape: readonly number[]): Tensor {
  const values = Float32Array.from({ length: countElements(shape) }, (_, i) => Math.sin(i * 12.9898))
  return createTensor(shape, values)
}
