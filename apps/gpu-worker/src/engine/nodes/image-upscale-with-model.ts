import type { NodeContext, NodeExecution, UpscaleModelValue } from '../node-graph/node-context.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import { countTiles, runTiled, type TileOptions } from '../tiling/tiled-scale.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Sides of ComfyUI's tiles and how far they overlap, pixels. */
const TILE = { tileWidth: 512, tileHeight: 512, overlap: 32 }

/** Upscales pictures [batch, height, width, 3] with a network, in tiles. */
export const imageUpscaleWithModel: NodeExecution = async (inputs, context) => {
  const { upscaler } = inputs.value<UpscaleModelValue>('upscale_model')
  const source = toChannelsFirst(inputs.value<Tensor>('image'))
  const use = await context.models.useUpscaler(upscaler)
  try {
    const options: TileOptions = { ...TILE, scale: use.value.scale }
    const onTile = reportTiles(context, source, options)
    const { shape, data } = await runTiled(source, use.value.run, { ...options, onTile })
    const clamped = data.map((value) => Math.min(Math.max(value, 0), 1))
    return { outputs: [toChannelsLast(createTensor(shape, clamped))] }
  } finally {
    use.done()
  }
}

function reportTiles(context: NodeContext, { shape }: Tensor, options: TileOptions): () => void {
  const total = shape[0]! * countTiles(shape[2]!, shape[3]!, options)
  let done = 0
  return () => {
    done += 1
    context.advance(done, total)
  }
}
