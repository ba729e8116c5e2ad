import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import { readSafetensors } from '../../apps/gpu-worker/src/engine/checkpoint/safetensors.ts'
import { loadCheckpoint, type LoadedCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { writeSafetensors } from '../wire/write-safetensors.ts'

/** The tiny checkpoints of the recordings: four files, and variants of them. */
export type TinyName =
  | 'sd1'
  | 'sd2'
  | 'sdxl'
  | 'refiner'
  | 'sd1-inpaint'
  | 'sd2-inpaint'
  | 'sd1-pix2pix'
  | 'sdxl-v'
  | 'sdxl-v-ztsnr'

/** Marker tensors that are added to a checkpoint. */
const MARKERS: Partial<Record<TinyName, readonly string[]>> = {
  'sdxl-v': ['v_pred'],
  'sdxl-v-ztsnr': ['v_pred', 'ztsnr'],
}

/** Opens tiny checkpoints from the folder of recordings, each once. */
export class TinyModels {
  readonly #folder: string
  readonly #temporary = mkdtempSync(join(tmpdir(), 'networks-'))
  readonly #loaded = new Map<string, LoadedCheckpoint>()

  constructor(folder: string) {
    this.#folder = `${folder}models/weights/`
  }

  /** A checkpoint, loaded. */
  open(name: TinyName): LoadedCheckpoint {
    const known = this.#loaded.get(name)
    if (known !== undefined) return known
    const { value } = loadCheckpoint(this.unpack(name), name, TEST_SESSION)
    this.#loaded.set(name, value)
    return value
  }

  /** The path of a checkpoint, unpacked and put together. */
  unpack(name: TinyName): string {
    const path = join(this.#temporary, `${name}.safetensors`)
    const [base] = name.split('-')
    if (name === base) writeFileSync(path, gunzipSync(readFileSync(`${this.#folder}${name}.safetensors.gz`)))
    else writeSafetensors(path, this.#overlay(base as TinyName, name))
    return path
  }

  /** Unpacks any other gzipped file of the recordings, and returns the path. */
  unpackFile(path: string): string {
    const unpacked = join(this.#temporary, basename(path, '.gz'))
    writeFileSync(unpacked, gunzipSync(readFileSync(path)))
    return unpacked
  }

  /** A checkpoint's tensors as f32, some replaced or added. */
  #overlay(base: TinyName, name: TinyName): [string, Tensor][] {
    const markers = MARKERS[name]
    const added =
      markers === undefined
        ? readAll(`${this.#folder}${name}.overlay.safetensors`)
        : markers.map((key): [string, Tensor] => [key, createTensor([0])])
    return [...new Map([...readAll(this.unpack(base)), ...added])]
  }
}

/** Every tensor of a safetensors file, by name. */
export function readAll(path: string): [string, Tensor][] {
  const file = readSafetensors(path)
  return [...file.tensors.keys()].map((key) => [key, readTensor(file, key)])
}
