import type { LoadedVae } from '../models/loaded-model.ts'
import type { LatentValue, NodeContext, VaeValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decodeTiled, encodeTiled, type VaeTiles } from '../tiling/tiled-vae.ts'
import type { NodeTable } from './node-table.ts'
import { useVaeOf } from './use-parts.ts'
import { toPictures } from './vae-decode.ts'
import { toNetworkPixels } from './vae-encode.ts'

const PIXELS_PER_CELL = 8

/** The autoencoder in tiles, for pictures that are too large for it whole. */
export const vaeTiledNodes: NodeTable = {
  VAEDecodeTiled: async (inputs, context) => {
    const { samples } = inputs.value<LatentValue>('samples')
    const { tile, overlap } = readSizes(inputs)
    // Wider overlaps would leave little of a tile to itself.
    const tiles = toTiles(context, {
      tile: Math.floor(tile / PIXELS_PER_CELL),
      overlap: Math.floor(Math.min(overlap, Math.floor(tile / 4)) / PIXELS_PER_CELL),
    })
    const decoded = await withVae(inputs, context, (vae) => decodeTiled(vae, samples, tiles))
    return { outputs: [toPictures(decoded)] }
  },
  VAEEncodeTiled: async (inputs, context) => {
    const tiles = toTiles(context, readSizes(inputs))
    const samples = await withVae(inputs, context, (vae) =>
      encodeTiled(vae, toNetworkPixels(inputs.value<Tensor>('pixels'), vae.cell), tiles),
    )
    return { outputs: [{ samples } satisfies LatentValue] }
  },
}

interface Sizes {
  readonly tile: number
  readonly overlap: number
}

function readSizes(inputs: NodeInputs): Sizes {
  return { tile: inputs.integer('tile_size'), overlap: inputs.integer('overlap') }
}

function toTiles(context: NodeContext, { tile, overlap }: Sizes): VaeTiles {
  return { width: tile, height: tile, overlap, onTile: (done, total) => context.advance(done, total) }
}

async function withVae<T>(
  inputs: NodeInputs,
  { models }: NodeContext,
  run: (vae: LoadedVae) => Promise<T>,
): Promise<T> {
  const use = await useVaeOf(inputs.value<VaeValue>('vae'), models)
  try {
    return await run(use.value)
  } finally {
    use.done()
  }
}
