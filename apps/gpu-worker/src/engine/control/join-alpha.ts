import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'
import type { Grey } from '../inpaint/grey.ts'

/**
 * A picture with a mask as alpha, its own left out; without a mask all of it is kept (black).
 * @throws EngineError for a mask of another size
 */
export function joinAlpha({ width, height, channels, data }: Pixels, mask: Grey | undefined): Pixels {
  if (mask !== undefined && (mask.width !== width || mask.height !== height)) {
    throw new EngineError(
      'invalid-request',
      `a control's mask has the size of its picture, ${width}x${height}; got ${mask.width}x${mask.height}`,
      { exceptionType: 'ValueError' },
    )
  }
  const output = new Uint8Array(width * height * 4)
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) output[4 * i + c] = data[channels * i + c]!
    output[4 * i + 3] = mask?.data[i] ?? 0
  }
  return { width, height, channels: 4, data: output }
}
