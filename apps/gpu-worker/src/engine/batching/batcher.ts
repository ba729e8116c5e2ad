import { createRowJoiner } from '../denoise/combine.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countRows, joinInputs, toBatchKey } from './join-inputs.ts'
import { chooseFill, toBucket } from './row-buckets.ts'
import { RowLimits, type RowLimitsOptions } from './row-limits.ts'
import { answerAll, countAll, takeRows, type Waiting } from './waiting.ts'

/** Hears how long an evaluation kept the device busy, seconds, and how many rows it had. */
export type EvaluationListener = (seconds: number, rows: number) => void

/** What a batcher may join. */
export interface BatcherOptions extends RowLimitsOptions {
  /** Latent elements (rows x channels x height x width) of one call at most; a larger single request runs alone. */
  readonly maxElements: number
  /** Calls are filled up to few numbers of rows, for devices that prepare each shape at its first call. */
  readonly fillsBuckets?: boolean
  /** Calls leave this process free (onnx/runtime/native/): requests of one can work out what they ask next during another. */
  readonly takesTurns?: boolean
  /** Milliseconds of a clock that only goes forward, for how long the device has nothing to do between calls. */
  readonly now?: () => number
  /** Hears of each evaluation that succeeds. */
  readonly onEvaluated?: EvaluationListener
}

/** A call that runs or waits for another one to end. */
interface Called {
  readonly batch: readonly Waiting[]
  /** What answers its requests, when it has ended. */
  readonly answer: Promise<() => void>
}

/** The last call, all of whose requests were answered before the next one. */
interface LastCall {
  readonly key: string
  readonly rows: number
  readonly endedAt: number
}

/** Joined contexts (and hints) of earlier calls that are remembered: jobs that go on together, some in other calls. */
const KEPT_JOINS = 4

/**
 * Joins the evaluations of all running requests that share a network and a shape into one call. A call takes what waits
 * when the network is free: requests join and leave at every step, and a lone one never waits for company. How many rows
 * join is measured, and whether all of them or two halves by turns. On the CPU a row's result does not depend on its
 * companions, nor on rows that fill a call up.
 */
export class Batcher {
  readonly #network: PredictionNetwork
  readonly #options: BatcherOptions
  readonly #now: () => number
  readonly #limits: RowLimits
  readonly #joinContexts = createRowJoiner(KEPT_JOINS)
  readonly #joinHints = createRowJoiner(KEPT_JOINS)
  readonly #waiting: Waiting[] = []
  #isRunning = false
  #last: LastCall | undefined

  constructor(network: PredictionNetwork, options: BatcherOptions) {
    this.#network = network
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#limits = new RowLimits(options)
  }

  /** Evaluates rows, in company where there is some. */
  readonly predict: PredictionNetwork = (inputs) =>
    new Promise<Tensor>((resolve, reject) => {
      this.#waiting.push({ inputs, key: toBatchKey(inputs), resolve, reject })
      void this.#run()
    })

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    await letAllAsk()
    let current: Called | undefined = this.#callNext()
    while (current !== undefined) {
      let next: Called | undefined = this.#callAfter(current)
      const answer = await current.answer
      // Others may have asked meanwhile.
      next ??= this.#callAfter(current)
      // The next call is on its way before these requests work.
      if (next !== undefined) await nextTurn()
      answer()
      await letAllAsk()
      current = next ?? this.#callNext()
    }
    this.#last = undefined
    this.#isRunning = false
  }

  /** Calls what waited longest and what joins it; undefined: nothing waits. */
  #callNext(): Called | undefined {
    if (this.#waiting.length === 0) return undefined
    const batch = this.#takeBatch()
    return { batch, answer: this.#call(batch) }
  }

  /** Puts the next call behind one that runs or has just ended, where its requests would not join anyway. */
  #callAfter({ batch }: Called): Called | undefined {
    if (!this.#goesOnAfter(batch)) return undefined
    this.#last = undefined
    return this.#callNext()
  }

  /** Whether what waits is called without those that are answered by another call, which work during it. */
  #goesOnAfter(batch: readonly Waiting[]): boolean {
    const [{ key }, [next]] = [batch[0]!, this.#waiting]
    if (this.#options.takesTurns !== true || next === undefined) return false
    if (next.key !== key) return true
    const [waiting, answered] = [countAll(this.#waitingOf(key)), countAll(batch)]
    // Two calls in any case.
    if (waiting + answered > this.#limits.limitOf(key)) return true
    return this.#isCheaperByTurns(key, waiting, answered)
  }

  #waitingOf(key: string): readonly Waiting[] {
    return this.#waiting.filter((waiting) => waiting.key === key)
  }

  #isCheaperByTurns(key: string, first: number, second: number): boolean {
    const parts = [this.#toCallRows(first), this.#toCallRows(second)] as const
    return this.#limits.isCheaperByTurns(key, parts, this.#toCallRows(first + second))
  }

  /** The one that waited longest, and those that fit it in the order they came. */
  #takeBatch(): readonly Waiting[] {
    const [first, ...others] = this.#waiting
    const fitting = [first!]
    let rows = countRows(first!.inputs)
    const rowElements = first!.inputs.latent.data.length / rows
    const limit = this.#limits.limitOf(first!.key)
    for (const candidate of others) {
      if (candidate.key !== first!.key) continue
      const more = rows + countRows(candidate.inputs)
      if (more > limit || this.#toCallRows(more) * rowElements > this.#options.maxElements) continue
      fitting.push(candidate)
      rows = more
    }
    const part = this.#takePart(fitting)
    const batch = this.#options.fillsBuckets === true ? this.#trim(part) : part
    for (const taken of batch) this.#waiting.splice(this.#waiting.indexOf(taken), 1)
    return batch
  }

  /** A part of those that could join: where there are more than fit one call, equal ones; halves where those cost less. */
  #takePart(fitting: readonly Waiting[]): readonly Waiting[] {
    const { key } = fitting[0]!
    if (this.#options.takesTurns !== true || fitting.length < 2) return fitting
    const all = countAll(this.#waitingOf(key))
    const calls = Math.ceil(all / countAll(fitting))
    const part = takeRows(fitting, all / Math.max(calls, 2))
    if (calls > 1) return part
    return this.#isCheaperByTurns(key, countAll(part), all - countAll(part)) ? part : fitting
  }

  #trim(fitting: readonly Waiting[]): readonly Waiting[] {
    const { key } = fitting[0]!
    const rows = fitting.map(({ inputs }) => countRows(inputs))
    return fitting.slice(
      0,
      chooseFill(rows, (count) => this.#limits.secondsOf(key, count)),
    )
  }

  #toCallRows(rows: number): number {
    return this.#options.fillsBuckets === true ? toBucket(rows) : rows
  }

  /** Calls the network; gives what answers the requests. Never rejects. */
  async #call(batch: readonly Waiting[]): Promise<() => void> {
    const { key } = batch[0]!
    try {
      const inputs = joinInputs(
        batch.map(({ inputs: own }) => own),
        {
          rows: this.#toCallRows(countAll(batch)),
          joinContexts: this.#joinContexts,
          joinHints: this.#joinHints,
        },
      )
      const rows = countRows(inputs)
      if (this.#last?.key === key)
        this.#limits.recordIdle(key, this.#last.rows, (this.#now() - this.#last.endedAt) / 1000)
      let busySeconds = 0
      const output = await this.#network(inputs, (seconds) => (busySeconds += seconds))
      this.#limits.record(key, rows, busySeconds)
      this.#options.onEvaluated?.(busySeconds, rows)
      this.#last = { key, rows, endedAt: this.#now() }
      return () => answerAll(batch, output)
    } catch (error) {
      this.#last = undefined
      return () => batch.forEach(({ reject }) => reject(error))
    }
  }
}

/**
 * Two turns of the event loop. In the first, requests that were answered hear messages (generation/tell-progress.ts); in
 * the second they have asked again. With one, those that waited would be called without them, and they without those, in
 * two halves for good.
 */
async function letAllAsk(): Promise<void> {
  await nextTurn()
  await nextTurn()
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
