import { createRowJoiner, sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countRows, joinInputs, toBatchKey } from './join-inputs.ts'
import { chooseFill, toBucket } from './row-buckets.ts'
import { RowLimits, type RowLimitsOptions } from './row-limits.ts'

interface Waiting {
  readonly inputs: NetworkInputs
  readonly key: string
  readonly resolve: (output: Tensor) => void
  readonly reject: (error: unknown) => void
}

/** What a batcher may join. */
export interface BatcherOptions extends RowLimitsOptions {
  /** Latent elements (rows x channels x height x width) of one call at most; a larger single request runs alone. */
  readonly maxElements: number
  /** Calls are filled up to few numbers of rows, for devices that prepare each shape at its first call. */
  readonly fillsBuckets?: boolean
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/** Joined contexts (and hints) of earlier calls that are remembered: jobs that go on together, some in other calls. */
const KEPT_JOINS = 4

/**
 * Joins the evaluations of all running requests that share a network and a shape into one call. A call takes what waits
 * when the network is free: requests join and leave at every step, and a lone one never waits for company. How many rows
 * join is measured. On the CPU a row's result does not depend on its companions, nor on rows that fill a call up.
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
    while (this.#waiting.length > 0) {
      await this.#runBatch(this.#takeBatch())
      await letAllAsk()
    }
    this.#isRunning = false
  }

  /** The one that waited longest, and those that fit it in the order they came. */
  #takeBatch(): Waiting[] {
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
    const batch = this.#options.fillsBuckets === true ? this.#trim(fitting) : fitting
    for (const taken of batch) this.#waiting.splice(this.#waiting.indexOf(taken), 1)
    return batch
  }

  #trim(fitting: readonly Waiting[]): Waiting[] {
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

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const rows = batch.reduce((sum, { inputs: own }) => sum + countRows(own), 0)
      const inputs = joinInputs(
        batch.map(({ inputs: own }) => own),
        {
          rows: this.#toCallRows(rows),
          joinContexts: this.#joinContexts,
          joinHints: this.#joinHints,
        },
      )
      const start = this.#now()
      const output = await this.#network(inputs)
      this.#limits.record(batch[0]!.key, countRows(inputs), (this.#now() - start) / 1000)
      let row = 0
      for (const { inputs: own, resolve } of batch) {
        const rows = countRows(own)
        resolve(sliceRows(output, row, row + rows))
        row += rows
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

/**
 * Two turns of the event loop. In the first, requests that were answered hear messages (generation/tell-progress.ts); in
 * the second they have asked again. With one, those that waited would be called without them, and they without those, in
 * two halves for good.
 */
async function letAllAsk(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
