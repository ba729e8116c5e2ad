import type { Pixels } from './pixels.ts'

/** A picture of an animation and how long it stands, milliseconds. */
export interface AnimationFrame {
  readonly pixels: Pixels
  readonly durationMs: number
}

/** Frames that equal the one before them lengthen it, as Pillow's encoders have it. */
export function mergeEqualFrames(frames: readonly Pixels[], frameMs: number): AnimationFrame[] {
  const merged: AnimationFrame[] = []
  for (const pixels of frames) {
    const last = merged.at(-1)
    const isSame = last !== undefined && Buffer.from(last.pixels.data).equals(pixels.data)
    if (isSame) merged[merged.length - 1] = { ...last, durationMs: last.durationMs + frameMs }
    else merged.push({ pixels, durationMs: frameMs })
  }
  return merged
}
