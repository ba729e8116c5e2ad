/** Side of the frame of a picture whose size is not known, pixels. */
const UNKNOWN_SIDE = 512

/** Width and height as the style sheet reads them to give a picture its frame before it is here. */
export function toFrame(size: { readonly width: number; readonly height: number } | undefined) {
  const { width, height } = size ?? { width: 0, height: 0 }
  const isKnown = width > 0 && height > 0
  return { '--w': String(isKnown ? width : UNKNOWN_SIDE), '--h': String(isKnown ? height : UNKNOWN_SIDE) }
}
