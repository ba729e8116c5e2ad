import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'

/** A large end for slices: "to the end". */
const END = 2 ** 31 - 1

/** Sizes a Swin network's windows need, known only when it runs. */
export interface WindowSizes {
  readonly window: number
  readonly channels: number
  /** Rows and columns of windows, int64 [1]. */
  readonly down: Value
  readonly across: Value
  /** Rows and columns of pixels, int64 [1]. */
  readonly height: Value
  readonly width: Value
}

/** The window sizes of [1, channels, height, width]. */
export function measureWindows(
  graph: GraphBuilder,
  x: Value,
  { window, channels }: Pick<WindowSizes, 'window' | 'channels'>,
): WindowSizes {
  const height = graph.op('Shape', [x], { start: 2, end: 3 })
  const width = graph.op('Shape', [x], { start: 3, end: 4 })
  const side = graph.integers([window])
  return {
    window,
    channels,
    height,
    width,
    down: graph.op('Div', [height, side]),
    across: graph.op('Div', [width, side]),
  }
}

/** [1, height, width, channels] to [windows, window², channels], windows row by row. */
export function toWindows(graph: GraphBuilder, x: Value, sizes: WindowSizes): Value {
  const { window, channels, down, across } = sizes
  const side = graph.integers([window])
  const shape = graph.op('Concat', [down, side, across, side, graph.integers([channels])], { axis: 0 })
  const split = graph.op('Transpose', [graph.op('Reshape', [x, shape])], { perm: [0, 2, 1, 3, 4] })
  return graph.op('Reshape', [split, graph.integers([-1, window * window, channels])])
}

/** The reverse of `toWindows`. */
export function fromWindows(graph: GraphBuilder, x: Value, sizes: WindowSizes): Value {
  const { window, channels, down, across, height, width } = sizes
  const [side, depth] = [graph.integers([window]), graph.integers([channels])]
  const split = graph.op('Concat', [down, across, side, side, depth], { axis: 0 })
  const rows = graph.op('Transpose', [graph.op('Reshape', [x, split])], { perm: [0, 2, 1, 3, 4] })
  return graph.op('Reshape', [
    rows,
    graph.op('Concat', [graph.integers([1]), height, width, depth], { axis: 0 }),
  ])
}

/** Moves [1, height, width, channels] up and left by `shift` pixels (down and right when negative), around the edges. */
export function rollPixels(graph: GraphBuilder, input: Value, shift: number): Value {
  let x = input
  for (const axis of [1, 2]) {
    const part = (from: number, to: number) =>
      graph.op('Slice', [x, graph.integers([from]), graph.integers([to]), graph.integers([axis])])
    x = graph.op('Concat', [part(shift, END), part(0, shift)], { axis })
  }
  return x
}

/**
 * Which of the nine regions of a shifted picture each pixel of each window belongs to, [windows, window²]: pixels that
 * were not neighbours before the shift do not attend to each other.
 */
export function numberRegions(height: number, width: number, window: number): Float32Array {
  const shift = Math.floor(window / 2)
  const regionOf = (at: number, size: number) => (at < size - window ? 0 : at < size - shift ? 1 : 2)
  const regions = new Float32Array(height * width)
  let next = 0
  for (let top = 0; top < height; top += window) {
    for (let left = 0; left < width; left += window) {
      for (let i = 0; i < window * window; i += 1) {
        const [y, x] = [top + Math.floor(i / window), left + (i % window)]
        regions[next++] = 3 * regionOf(y, height) + regionOf(x, width)
      }
    }
  }
  return regions
}

/** For each pair of pixels of a window, the row of the table of relative positions that holds its bias. */
export function indexRelativePositions(window: number): number[] {
  const pixels = Array.from({ length: window * window }, (_, i) => [Math.floor(i / window), i % window])
  const reach = 2 * window - 1
  return pixels.flatMap(([y, x]) =>
    pixels.map(([otherY, otherX]) => (y! - otherY! + window - 1) * reach + (x! - otherX! + window - 1)),
  )
}
