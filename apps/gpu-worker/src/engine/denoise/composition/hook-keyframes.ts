/** From a share of the run on a hook acts with a factor on its strength. */
export interface HookKeyframe {
  readonly strength: number
  readonly startPercent: number
  /** Evaluations it acts in before the next may take over. */
  readonly guaranteeSteps: number
}

/** Keyframes by their start; those of one start stay in the order they came. */
export function addKeyframe(keyframes: readonly HookKeyframe[], added: HookKeyframe): HookKeyframe[] {
  return [...keyframes, added].sort((a, b) => a.startPercent - b.startPercent)
}

/** Where a run is among keyframes, by ComfyUI's rules; it hears of every noise level once, from the highest on. */
export class KeyframeCourse {
  readonly #keyframes: readonly (HookKeyframe & { readonly startSigma: number })[]
  readonly #highestSigma: number
  #index = 0
  #usedSteps = 0
  #sigma: number | undefined

  constructor(
    keyframes: readonly HookKeyframe[],
    {
      atPercent,
      highestSigma,
    }: { readonly atPercent: (share: number) => number; readonly highestSigma: number },
  ) {
    this.#keyframes = keyframes.map((one) => ({ ...one, startSigma: atPercent(one.startPercent) }))
    this.#highestSigma = highestSigma
  }

  /** The factor at a noise level; 1 without keyframes. */
  strengthAt(sigma: number): number {
    if (this.#keyframes.length === 0) return 1
    if (sigma !== this.#sigma) this.#advance(sigma)
    return this.#keyframes[this.#index]!.strength
  }

  #advance(sigma: number): void {
    if (this.#usedSteps >= this.#guaranteeOf(this.#index)) {
      for (let next = this.#index + 1; next < this.#keyframes.length; next += 1) {
        if (this.#keyframes[next]!.startSigma < sigma) break
        this.#index = next
        this.#usedSteps = 0
        if (this.#guaranteeOf(next) > 0) break
      }
    }
    this.#usedSteps += 1
    this.#sigma = sigma
  }

  /** One that would have begun before the run keeps nothing waiting. */
  #guaranteeOf(index: number): number {
    const { startSigma, guaranteeSteps } = this.#keyframes[index]!
    return startSigma > this.#highestSigma ? 0 : guaranteeSteps
  }
}

/** Part of the run, as shares, in which strengths stay as they are. */
export interface StrengthSpan {
  readonly start: number
  readonly end: number
  /** A factor for each list of keyframes. */
  readonly strengths: readonly number[]
}

/** Strengths nearer than this, relatively, are the same. */
const SAME = 1e-9

/** Spans of a run between which no list's strength changes, for texts that are encoded ahead of it. */
export function splitSpans(lists: readonly (readonly HookKeyframe[])[]): StrengthSpan[] {
  const courses = lists.map(listSpans)
  const bounds = [...new Set([0, ...courses.flat().flatMap(({ start, end }) => [start, end])])].sort(
    (a, b) => a - b,
  )
  return bounds.slice(0, -1).map((start, index) => {
    const end = bounds[index + 1]!
    const strengths = courses.map(
      (spans) => spans.find((span) => span.start < end && span.end > start)?.strength ?? 1,
    )
    return { start, end, strengths }
  })
}

function listSpans(
  keyframes: readonly HookKeyframe[],
): { readonly start: number; readonly end: number; readonly strength: number }[] {
  const [first] = keyframes
  if (first === undefined) return [{ start: 0, end: 1, strength: 1 }]
  const spans: { start: number; end: number; strength: number }[] = []
  let present = first
  for (const keyframe of keyframes) {
    const isLater = keyframe.startPercent > present.startPercent
    if (isLater && !isClose(keyframe.strength, present.strength)) {
      spans.push({ start: present.startPercent, end: keyframe.startPercent, strength: present.strength })
      present = keyframe
    } else if (keyframe.startPercent === present.startPercent) present = keyframe
  }
  if (!isClose(present.startPercent, 1))
    spans.push({ start: present.startPercent, end: 1, strength: present.strength })
  return spans
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME * Math.max(Math.abs(a), Math.abs(b))
}
