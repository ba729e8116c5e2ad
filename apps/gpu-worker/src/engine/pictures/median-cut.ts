/** A colour of a picture and how many of its pixels have it, channels in red, green, blue. */
interface Colour {
  readonly channels: readonly [number, number, number]
  readonly count: number
}

/** Some colours, and what they were split into. */
interface Box {
  readonly colours: readonly Colour[]
  readonly count: number
  halves?: readonly [Box, Box]
}

/** Distinct colours at most; with more, the lowest bits of all channels are left out. */
const MAX_COLOURS = 65536
/** How much a channel's range counts (the shares of brightness). */
const CHANNEL_WEIGHTS = [77, 150, 29] as const

/**
 * A palette of at most `size` colours by median cut (Heckbert 1982), as Pillow makes it: the box of most pixels is cut
 * where half of them lie on one side; an entry is the mean of its box, rounded.
 * @param pixels red, green and blue bytes
 */
export function makePalette(pixels: Uint8Array, size: number): Uint8Array {
  const shift = findShift(pixels)
  const boxOf = new Map<number, number>()
  const root = cutBoxes(listColours(pixels, shift), size)
  listLeaves(root).forEach(({ colours }, index) => {
    for (const { channels } of colours) boxOf.set(packColour(channels), index)
  })
  return averageBoxes(pixels, (key) => boxOf.get(key)!, { shift, count: listLeaves(root).length })
}

function packColour([red, green, blue]: readonly [number, number, number]): number {
  return (red << 16) | (green << 8) | blue
}

function keyAt(pixels: Uint8Array, at: number, shift: number): number {
  return packColour([pixels[at]! >> shift, pixels[at + 1]! >> shift, pixels[at + 2]! >> shift])
}

function countColours(pixels: Uint8Array, shift: number): Map<number, number> {
  const counts = new Map<number, number>()
  for (let at = 0; at < pixels.length; at += 3) {
    const key = keyAt(pixels, at, shift)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

function findShift(pixels: Uint8Array): number {
  let shift = 0
  while (countColours(pixels, shift).size > MAX_COLOURS) shift += 1
  return shift
}

function listColours(pixels: Uint8Array, shift: number): Colour[] {
  return [...countColours(pixels, shift)].map(([key, count]) => ({
    channels: [key >> 16, (key >> 8) & 255, key & 255],
    count,
  }))
}

function cutBoxes(colours: readonly Colour[], size: number): Box {
  const root = toBox(colours)
  const heap = new BoxHeap()
  heap.add(root)
  for (let boxes = 1; boxes < size; boxes += 1) {
    let largest = heap.remove()
    while (largest?.colours.length === 1) largest = heap.remove()
    if (largest === undefined) break
    largest.halves = split(largest)
    for (const half of largest.halves) heap.add(half)
  }
  return root
}

function toBox(colours: readonly Colour[]): Box {
  return { colours, count: colours.reduce((sum, { count }) => sum + count, 0) }
}

/** Both halves of a box of several colours, the brighter first. */
function split({ colours, count }: Box): [Box, Box] {
  const ranges = CHANNEL_WEIGHTS.map((weight, axis) => {
    const values = colours.map(({ channels }) => channels[axis]!)
    return weight * (values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b)))
  })
  const axis = ranges.indexOf(Math.max(...ranges))
  const valueOf = ({ channels }: Colour) => channels[axis]!
  const sorted = [...colours].sort((a, b) => valueOf(b) - valueOf(a))
  let [left, passed] = [0, 0]
  while (left < sorted.length && passed * 2 <= count) passed += sorted[left++]!.count
  // Colours of one value stay together: the darkest ones leave where nothing else would.
  const last = valueOf(sorted[left - 1]!)
  const darkest = valueOf(sorted.at(-1)!)
  const isLeft = (colour: Colour) =>
    last === darkest ? valueOf(colour) !== darkest : valueOf(colour) >= last
  return [toBox(sorted.filter(isLeft)), toBox(sorted.filter((colour) => !isLeft(colour)))]
}

function listLeaves(box: Box): Box[] {
  return box.halves === undefined ? [box] : box.halves.flatMap(listLeaves)
}

function averageBoxes(
  pixels: Uint8Array,
  boxOf: (key: number) => number,
  { shift, count }: { shift: number; count: number },
): Uint8Array {
  const sums = new Float64Array(count * 3)
  const counts = new Float64Array(count)
  for (let at = 0; at < pixels.length; at += 3) {
    const box = boxOf(keyAt(pixels, at, shift))
    counts[box]! += 1
    for (let c = 0; c < 3; c += 1) sums[3 * box + c]! += pixels[at + c]!
  }
  return Uint8Array.from(sums, (sum, i) => Math.trunc(0.5 + sum / counts[Math.floor(i / 3)]!))
}

/** A heap by pixel counts; among equal counts its own order decides which box is cut next, as in Pillow. */
class BoxHeap {
  readonly #boxes: Box[] = []

  add(box: Box): void {
    let at = this.#boxes.push(box)
    while (at > 1 && box.count > this.#at(at >> 1).count) {
      this.#put(at, this.#at(at >> 1))
      at >>= 1
    }
    this.#put(at, box)
  }

  remove(): Box | undefined {
    const top = this.#boxes[0]
    const moved = this.#boxes.pop()
    const size = this.#boxes.length
    if (moved === undefined || size === 0) return top
    let at = 1
    while (at * 2 <= size) {
      let child = at * 2
      if (child < size && this.#at(child).count < this.#at(child + 1).count) child += 1
      if (moved.count > this.#at(child).count) break
      this.#put(at, this.#at(child))
      at = child
    }
    this.#put(at, moved)
    return top
  }

  /** Places count from 1: those below place n are 2n and 2n + 1. */
  #at(place: number): Box {
    return this.#boxes[place - 1]!
  }

  #put(place: number, box: Box): void {
    this.#boxes[place - 1] = box
  }
}
