import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { UnetPatch } from './unet-patch.ts'

/**
 * Numbers of a level in HyperTile's input: tiles and tokens of a tile along the first axis, the same along the second,
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
/** Numbers of a level. */
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
      const isTiled = ({ layer, level }: { layer: string; level: number }) =>
        layer === 'self' && level < levels
      return {
        beforeAttention({ query, key, value }, at) {
          if (!isTiled(at)) return { query, key, value }
          const shape = openShapes(graph, numbers, at)
          const run = (x: Value) => graph.op('Reshape', [x, shape.of(['all', 4])])
          const split = graph.op('Reshape', [query, shape.of(['all', 0, 1, 2, 3])])
          const tiles = graph.op('Transpose', [split], { perm: [0, 1, 3, 2, 4, 5] })
          return { query: run(tiles), key: run(key), value: run(value) }
        },
        afterAttention(x, at) {
          if (!isTiled(at)) return x
          const shape = openShapes(graph, numbers, at)
          const split = graph.op('Reshape', [x, shape.of(['all', 0, 2, 1, 3])])
          const joined = graph.op('Transpose', [split], { perm: [0, 1, 3, 2, 4, 5] })
          return graph.op('Reshape', [joined, shape.of(['all', 5])])
        },
      }
    },
  }
}

/** Shapes made of a level's numbers by their places ("all": what is left over), channels last. */
function openShapes(
  graph: GraphBuilder,
  numbers: Value,
  { level, channels }: { readonly level: number; readonly channels: number },
) {
  const own = graph.op('Reshape', [
    graph.op('Gather', [numbers, graph.integers([level])], { axis: 0 }),
    graph.integers([COUNT]),
  ])
  const part = (place: number | 'all') =>
    place === 'all' ? graph.integers([-1]) : graph.op('Gather', [own, graph.integers([place])], { axis: 0 })
  return {
    of: (places: readonly (number | 'all')[]) =>
      graph.op('Concat', [...places.map(part), graph.integers([channels])], { axis: 0 }),
  }
}
