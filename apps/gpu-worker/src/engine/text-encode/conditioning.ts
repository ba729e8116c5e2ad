import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** An encoded prompt. */
export interface Conditioning {
  /** [1, tokens, width]; tokens is a multiple of 77 unless another one's length was taken over. */
  readonly tokens: Tensor
  /** [1, width] of the first chunk, for the models that take it. */
  readonly pooled?: Tensor | undefined
}

/** One time span of a scheduled prompt. */
export interface ScheduledConditioning {
  /** Last step (1-based, inclusive) of the pass at which it is used. */
  readonly endAtStep: number
  readonly conditioning: Conditioning
}

/** One part of a prompt split at AND. */
export interface ConditioningPart {
  /** Share in the guidance; negative pushes away. */
  readonly weight: number
  /** At least one entry, ends ascending. */
  readonly schedule: readonly ScheduledConditioning[]
}

/** What one denoiser call uses of a part. */
export interface ActiveConditioning {
  readonly weight: number
  readonly conditioning: Conditioning
}

/** Index of the entry in use at a denoiser call (0-based): the first that ends at or after it, else the first of all. */
export function findActiveEntry(schedule: readonly { readonly endAtStep: number }[], call: number): number {
  return Math.max(
    0,
    schedule.findIndex((entry) => call <= entry.endAtStep),
  )
}

/** Repeats the last token's vector up to `tokenCount`; a conditioning as long already is returned as it is. */
export function extendTokens(tokens: Tensor, tokenCount: number): Tensor {
  const [rows = 0, count = 0, width = 0] = tokens.shape
  if (count >= tokenCount) return tokens
  const extended = createTensor([rows, tokenCount, width])
  for (let row = 0; row < rows; row++) {
    const start = row * count * width
    const last = tokens.data.subarray(start + (count - 1) * width, start + count * width)
    const target = row * tokenCount * width
    extended.data.set(tokens.data.subarray(start, start + count * width), target)
    for (let token = count; token < tokenCount; token++) extended.data.set(last, target + token * width)
  }
  return extended
}

/**
 * What each image of a batch uses at a denoiser call. All token counts are made equal by repeating last vectors, as A1111
 * does where it stacks different prompts; give all images that are sampled together.
 */
export function selectConditioning(
  images: readonly (readonly ConditioningPart[])[],
  call: number,
): readonly (readonly ActiveConditioning[])[] {
  const active = images.map((parts) =>
    parts.flatMap(({ weight, schedule }) => {
      const entry = schedule[findActiveEntry(schedule, call)]
      return entry === undefined ? [] : [{ weight, conditioning: entry.conditioning }]
    }),
  )
  const longest = Math.max(0, ...active.flat().map(({ conditioning }) => conditioning.tokens.shape[1] ?? 0))
  return active.map((parts) =>
    parts.map(({ weight, conditioning }) => ({
      weight,
      conditioning: { ...conditioning, tokens: extendTokens(conditioning.tokens, longest) },
    })),
  )
}

/** Joins [rows, tokens, width] tensors along the tokens. */
export function joinTokens(parts: readonly Tensor[]): Tensor {
  const [rows = 0, , width = 0] = parts[0]?.shape ?? []
  const tokenCount = parts.reduce((sum, { shape }) => sum + (shape[1] ?? 0), 0)
  const joined = createTensor([rows, tokenCount, width])
  for (let row = 0; row < rows; row++) {
    let offset = row * tokenCount * width
    for (const { shape, data } of parts) {
      const size = (shape[1] ?? 0) * width
      joined.data.set(data.subarray(row * size, (row + 1) * size), offset)
      offset += size
    }
  }
  return joined
}

/** Joins tensors of equal row count along the width, over the tokens that all of them have (SDXL's two encoders). */
export function joinWidths(parts: readonly Tensor[]): Tensor {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first
  const rows = first?.shape[0] ?? 0
  const tokenCount = Math.min(...parts.map(({ shape }) => shape[1] ?? 0))
  const width = parts.reduce((sum, { shape }) => sum + (shape[2] ?? 0), 0)
  const joined = createTensor([rows, tokenCount, width])
  let offset = 0
  for (const { shape, data } of parts) {
    const [, count = 0, size = 0] = shape
    for (let row = 0; row < rows; row++) {
      for (let token = 0; token < tokenCount; token++) {
        const source = (row * count + token) * size
        joined.data.set(data.subarray(source, source + size), (row * tokenCount + token) * width + offset)
      }
    }
    offset += size
  }
  return joined
}

/** One row of a tensor as a tensor of one row. */
export function takeRow({ shape, data }: Tensor, row: number): Tensor {
  const size = data.length / (shape[0] ?? 1)
  return createTensor([1, ...shape.slice(1)], data.slice(row * size, (row + 1) * size))
}

/** A conditioning of zeros of the same shapes; SDXL's empty negative prompt. */
export function toZeros({ tokens, pooled }: Conditioning): Conditioning {
  return { tokens: createTensor(tokens.shape), pooled: pooled && createTensor(pooled.shape) }
}
