/** A premultiplied value and its alpha. */
interface Layer {
  readonly value: number
  readonly alpha: number
}

type Mode = (source: Layer, destination: Layer) => Layer

const clamp = (value: number) => Math.min(Math.max(value, 0), 1)
const union = (s: Layer, d: Layer) => s.alpha + d.alpha - s.alpha * d.alpha
const apart = (s: Layer, d: Layer) => (1 - d.alpha) * s.value + (1 - s.alpha) * d.value

/** Porter and Duff's operators (1984) and the separable modes beside them, on premultiplied values. */
const MODES: ReadonlyMap<string, Mode> = new Map<string, Mode>([
  ['ADD', (s, d) => ({ value: clamp(s.value + d.value), alpha: clamp(s.alpha + d.alpha) })],
  ['CLEAR', () => ({ value: 0, alpha: 0 })],
  ['DARKEN', (s, d) => ({ value: apart(s, d) + Math.min(s.value, d.value), alpha: union(s, d) })],
  ['DST', (_, d) => d],
  ['DST_ATOP', (s, d) => ({ value: s.alpha * d.value + (1 - d.alpha) * s.value, alpha: s.alpha })],
  ['DST_IN', (s, d) => ({ value: d.value * s.alpha, alpha: s.alpha * d.alpha })],
  ['DST_OUT', (s, d) => ({ value: (1 - s.alpha) * d.value, alpha: (1 - s.alpha) * d.alpha })],
  [
    'DST_OVER',
    (s, d) => ({ value: d.value + (1 - d.alpha) * s.value, alpha: d.alpha + (1 - d.alpha) * s.alpha }),
  ],
  ['LIGHTEN', (s, d) => ({ value: apart(s, d) + Math.max(s.value, d.value), alpha: union(s, d) })],
  ['MULTIPLY', (s, d) => ({ value: s.value * d.value, alpha: s.alpha * d.alpha })],
  ['OVERLAY', (s, d) => ({ value: overlay(s, d), alpha: union(s, d) })],
  ['SCREEN', (s, d) => ({ value: s.value + d.value - s.value * d.value, alpha: union(s, d) })],
  ['SRC', (s) => s],
  ['SRC_ATOP', (s, d) => ({ value: d.alpha * s.value + (1 - s.alpha) * d.value, alpha: d.alpha })],
  ['SRC_IN', (s, d) => ({ value: s.value * d.alpha, alpha: s.alpha * d.alpha })],
  ['SRC_OUT', (s, d) => ({ value: (1 - d.alpha) * s.value, alpha: (1 - d.alpha) * s.alpha })],
  [
    'SRC_OVER',
    (s, d) => ({ value: s.value + (1 - s.alpha) * d.value, alpha: s.alpha + (1 - s.alpha) * d.alpha }),
  ],
  ['XOR', (s, d) => ({ value: apart(s, d), alpha: (1 - d.alpha) * s.alpha + (1 - s.alpha) * d.alpha })],
])

function overlay(s: Layer, d: Layer): number {
  return 2 * d.value < d.alpha
    ? 2 * s.value * d.value
    : s.alpha * d.alpha - 2 * (d.alpha - s.value) * (s.alpha - d.value)
}

/** Below this alpha nothing is seen. */
const INVISIBLE = 1e-5

/** A mode on values as they are shown, not premultiplied; undefined for a mode that is not there. */
export function findCompositing(name: string): Mode | undefined {
  const mode = MODES.get(name)
  if (mode === undefined) return undefined
  const multiply = ({ value, alpha }: Layer) => ({ value: value * alpha, alpha })
  return (source, destination) => {
    const { value, alpha } = mode(multiply(source), multiply(destination))
    return { value: alpha > INVISIBLE ? clamp(value / alpha) : 0, alpha }
  }
}
