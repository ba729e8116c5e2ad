/** How two or three checkpoints become one (A1111's interpolation methods). */
export type MergeMethod = 'weighted-sum' | 'add-difference' | 'none'

/** A merge as it is asked for. */
export interface MergeRequest {
  /** Paths of checkpoints A, B and C. */
  readonly primary: string
  readonly secondary?: string | undefined
  readonly tertiary?: string | undefined
  readonly method: MergeMethod
  /** Share of B, or of the difference B - C. */
  readonly multiplier: number
  /** f32 weights are written as f16: all of them without a method, merged ones with one (A1111). */
  readonly savesHalf: boolean
  /** Path of an autoencoder whose weights take the place of A's. */
  readonly vae?: string | undefined
  /** Tensors whose names fit are left out. */
  readonly discards?: RegExp | undefined
}

/** The name A1111 gives a merged checkpoint, without its end: "0.7(a) + 0.3(b)", "a + 0.3(b - c)", "a". */
export function nameMerge({ primary, secondary, tertiary, method, multiplier }: MergeRequest): string {
  const [a, b, c] = [primary, secondary, tertiary].map((path) => toModelName(path ?? ''))
  if (method === 'none') return a!
  const share = formatShare(multiplier)
  if (method === 'add-difference') return `${a} + ${share}(${b} - ${c})`
  return `${formatShare(1 - multiplier)}(${a}) + ${share}(${b})`
}

function toModelName(path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/\.[^.]+$/, '')
}

/** A share with two decimals at most, ties to even, as Python rounds and prints a float. */
function formatShare(share: number): string {
  const hundredths = Math.round(share * 100)
  // Odd eighths alone lie exactly between two hundredths.
  const isTie = Number.isInteger(share * 8) && !Number.isInteger(share * 4)
  const rounded = (isTie && hundredths % 2 !== 0 ? hundredths - 1 : hundredths) / 100
  return Number.isInteger(rounded) ? `${rounded}.0` : String(rounded)
}
