import { Counter } from 'prom-client'

/** How often the clocks are compared, milliseconds. */
const LOOK_MS = 5_000
/** Difference from which it is a jump and not a correction, milliseconds. */
const JUMP_MS = 2_000

/** What the watch is built from. */
export interface ClockWatchOptions {
  /** Hears of each jump, milliseconds; negative: back. */
  readonly onJump: (milliseconds: number) => void
  /** Milliseconds since 1970 UTC. */
  readonly now?: () => number
  /** A monotonic clock, milliseconds. */
  readonly elapsed?: () => number
}

/** Notices jumps of the wall clock beside the monotonic one, and counts them. Nothing that is promised depends on it. */
export class ClockWatch {
  /** Given to the program's registry, when there is one. */
  readonly counter: Counter<'direction'>
  readonly #options: Required<ClockWatchOptions>
  readonly #timer: NodeJS.Timeout
  #last: { readonly now: number; readonly elapsed: number }

  constructor({ onJump, now = Date.now, elapsed = () => performance.now() }: ClockWatchOptions) {
    this.#options = { onJump, now, elapsed }
    this.counter = new Counter({
      name: 'atelier_clock_jumps_total',
      help: 'Jumps of the wall clock by more than two seconds, forward or back',
      labelNames: ['direction'],
      registers: [],
    })
    // There from the start: of a counter that appears with its first event, Prometheus sees no increase.
    for (const direction of ['forward', 'back']) this.counter.inc({ direction }, 0)
    this.#last = { now: now(), elapsed: elapsed() }
    this.#timer = setInterval(() => this.look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Compares the clocks now. */
  look(): void {
    const { now, elapsed, onJump } = this.#options
    const current = { now: now(), elapsed: elapsed() }
    const jump = current.now - this.#last.now - (current.elapsed - this.#last.elapsed)
    this.#last = current
    if (Math.abs(jump) < JUMP_MS) return
    this.counter.inc({ direction: jump > 0 ? 'forward' : 'back' })
    onJump(jump)
  }

  /** Stops watching. */
  close(): void {
    clearInterval(this.#timer)
  }
}
