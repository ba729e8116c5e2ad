import { isOutOfMemory } from '../engine-error.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { DecoderTiles } from '../networks/vae.ts'
import { cropPlanes, wrapPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { DECODE_TILES, decodeTiled, ENCODE_TILES, encodeTiled } from './tiled-vae.ts'

/** Pixels of one latent cell's side. */
const CELL = 8

/** When a picture goes through the autoencoder in tiles. */
export interface AutoTileOptions {
  /** Pixels that are decoded whole at most; encoding takes half the memory a pixel. */
  readonly maxWholePixels: number
  /** Hears that a picture is cut, and why. */
  readonly onTiled: (what: 'decoding' | 'encoding', pixels: number, why: 'size' | 'memory') => void
  /** Lets go of everything that does not run now: not even a tile has room. */
  readonly makeRoom: () => Promise<void>
}

/**
 * An autoencoder that cuts what is too large for the machine's memory into tiles, and tries again in tiles what ran out of
 * memory (as ComfyUI does). Everything else is passed whole, as A1111 does.
 */
export function tileWhereLarge(vae: LoadedVae, options: AutoTileOptions): LoadedVae {
  const guard = createGuard(options)
  return {
    ...vae,
    decode: (latent, wraps = false, tiles?: DecoderTiles) =>
      guard('decoding', countPixels(latent) * CELL * CELL, {
        whole: () => vae.decode(latent, wraps, tiles),
        tiled: () => (wraps ? decodeWrapped(vae, latent) : decodeTiled(vae, latent, DECODE_TILES)),
      }),
    encode: (pixels, wraps = false) =>
      guard('encoding', countPixels(pixels) / 2, {
        whole: () => vae.encode(pixels, wraps),
        tiled: async () => withoutVariance(await encodeEither(vae, pixels, wraps)),
      }),
  }
}

interface Ways<T> {
  readonly whole: () => Promise<T>
  readonly tiled: () => Promise<T>
}

function createGuard({ maxWholePixels, onTiled, makeRoom }: AutoTileOptions) {
  const inTiles = async <T>(tiled: Ways<T>['tiled']): Promise<T> => {
    try {
      return await tiled()
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      await makeRoom()
      return tiled()
    }
  }
  return async <T>(what: 'decoding' | 'encoding', pixels: number, { whole, tiled }: Ways<T>): Promise<T> => {
    if (pixels > maxWholePixels) {
      onTiled(what, pixels, 'size')
      return inTiles(tiled)
    }
    try {
      return await whole()
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      onTiled(what, pixels, 'memory')
      return inTiles(tiled)
    }
  }
}

function countPixels({ shape }: Tensor): number {
  return shape[2]! * shape[3]!
}

/** A picture that tiles: what lies beyond an edge is shown to the tiles there. */
async function decodeWrapped(vae: LoadedVae, latent: Tensor): Promise<Tensor> {
  const margin = DECODE_TILES.overlap
  const [, , height, width] = latent.shape as [number, number, number, number]
  const decoded = await decodeTiled(vae, wrapPlanes(latent, margin), DECODE_TILES)
  const at = margin * CELL
  return cropPlanes(decoded, { top: at, left: at, height: height * CELL, width: width * CELL })
}

async function encodeEither(vae: LoadedVae, pixels: Tensor, wraps: boolean): Promise<Tensor> {
  if (!wraps) return encodeTiled(vae, pixels, ENCODE_TILES)
  const margin = ENCODE_TILES.overlap
  const [, , height, width] = pixels.shape as [number, number, number, number]
  const encoded = await encodeTiled(vae, wrapPlanes(pixels, margin), ENCODE_TILES)
  const at = margin / CELL
  return cropPlanes(encoded, { top: at, left: at, height: height / CELL, width: width / CELL })
}

/** The mean alone: a log variance so low that nothing is drawn around it. */
function withoutVariance(mean: Tensor): { mean: Tensor; logVariance: Tensor } {
  return { mean, logVariance: createTensor(mean.shape, new Float32Array(mean.data.length).fill(-30)) }
}
