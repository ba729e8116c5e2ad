import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { attention } from '../layers.ts'
import type { AttentionPlace, UnetPatch } from './unet-patch.ts'

/**
 * Numbers of a row of HyperTile's input: tiles and tokens of a tile along the first axis, the same along the second,
 * tokens of a tile, and of the whole.
 */
export type TileNumbers = readonly [
  rows: number,
  tileRows: number,
  columns: number,
  tileColumns: number,
  tile: number,
  whole: number,
]
/** Numbers of a row. */
const COUNT = 6

/**
 * HyperTile (tfernd): self-attentions down to some level are computed tile by tile. As in ComfyUI queries are cut into
 * tiles, keys and values into runs of as many tokens. Input `name` [levels, 6].
 */
export function hyperTile(name: string, levels: number): UnetPatch {
  return {
    key: `hyper-tile ${levels} ${name}`,
    open({ graph }) {
      const input = graph.input(name, 'F32', [levels, COUNT])
      const numbers = graph.op('Cast', [input], { to: 7 })
      const shapesAt = ({ layer, level, channels }: AttentionPlace) =>
        layer === 'self' && level < levels ? openShapes(graph, numbers, { row: level, channels }) : undefined
      return {
        beforeAttention({ query, key, value }, at) {
          const shape = shapesAt(at)
          if (shape === undefined) return { query, key, value }
          const run = (x: Value) => graph.op('Reshape', [x, shape.of(['all', 4])])
          return { query: split(graph, query, shape), key: run(key), value: run(value) }
        },
        afterAttention(x, at) {
          const shape = shapesAt(at)
          return shape === undefined ? x : join(graph, x, shape)
        },
      }
    },
  }
}

/** Which self-attentions are cut. */
export interface TiledLayers {
  /** Two of one key name the same rows for the same attentions. */
  readonly key: string
  /** The row of the input that tells an attention's tiles; undefined leaves it whole. */
  readonly rowOf: (at: AttentionPlace) => number | undefined
}

/** HyperTile as its author and A1111 have it: queries, keys and values are cut into the same tiles. Input `name` [rows, 6]. */
export function hyperTileWhole(name: string, { key, rowOf }: TiledLayers): UnetPatch {
  return {
    key: `hyper-tile whole ${key} ${name}`,
    open({ graph }) {
      const input = graph.input(name, 'F32', [`${name}_rows`, COUNT])
      const numbers = graph.op('Cast', [input], { to: 7 })
      return {
        attend({ query, key: keys, value }, at, plain) {
          const row = at.layer === 'self' ? rowOf(at) : undefined
          if (row === undefined) return plain
          const shape = openShapes(graph, numbers, { row, channels: at.channels })
          const tile = (x: Value) => split(graph, x, shape)
          const tiles = { query: tile(query), key: tile(keys), value: tile(value) }
          return join(graph, attention(graph, tiles, at.heads), shape)
        },
      }
    },
  }
}

/** Tokens as tiles, [batch x tiles, tokens of a tile, channels]. */
function split(graph: GraphBuilder, x: Value, shape: Shapes): Value {
  const parts = graph.op('Reshape', [x, shape.of(['all', 0, 1, 2, 3])])
  const tiles = graph.op('Transpose', [parts], { perm: [0, 1, 3, 2, 4, 5] })
  return graph.op('Reshape', [tiles, shape.of(['all', 4])])
}

/** Tiles as tokens. */
function join(graph: GraphBuilder, x: Value, shape: Shapes): Value {
  const parts = graph.op('Reshape', [x, shape.of(['all', 0, 2, 1, 3])])
  const joined = graph.op('Transpose', [parts], { perm: [0, 1, 3, 2, 4, 5] })
  return graph.op('Reshape', [joined, shape.of(['all', 5])])
}

type Shapes = ReturnType<typeof openShapes>

/** Shapes made of a row's numbers by their places ("all": what is left over), channels last. */
function openShapes(
  graph: GraphBuilder,
  numbers: Value,
  { row, channels }: { readonly row: number; readonly channels: number },
) {
  const own = graph.op('Reshape', [
    graph.op('Gather', [numbers, graph.integers([row])], { axis: 0 }),
    graph.integers([COUNT]),
  ])
  const part = (place: number | 'all') =>
    place === 'all' ? graph.integers([-1]) : graph.op('Gather', [own, graph.integers([place])], { axis: 0 })
  return {
    of: (places: readonly (number | 'all')[]) =>
      graph.op('Concat', [...places.map(part), graph.integers([channels])], { axis: 0 }),
  }
}
