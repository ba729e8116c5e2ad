import { sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countRows, joinInputs, toBatchKey } from './join-inputs.ts'
import { RowLimits } from './row-limits.ts'

interface Waiting {
  readonly inputs: NetworkInputs
  readonly key: string
  readonly resolve: (output: Tensor) => void
  readonly reject: (error: unknown) => void
}

/** What a batcher may join. */
export interface BatcherOptions {
  /** Latent elements (rows x channels x height x width) of one call at most; a larger single request runs alone. */
  readonly maxElements: number
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number
}

/**
 * Joins the evaluations of all running requests that share a network and a shape into one call. A call takes what waits
 * when the network is free: requests join and leave at every step, and a lone one never waits for company. How many rows
 * join is measured. On the CPU a row's result does not depend on its companions.
 */
export class Batcher {
  readonly #network: PredictionNetwork
  readonly #maxElements: number
  readonly #now: () => number
  readonly #limits = new RowLimits()
  readonly #waiting: Waiting[] = []
  #isRunning = false

  constructor(network: PredictionNetwork, { maxElements, now = () => performance.now() }: BatcherOptions) {
    this.#network = network
    this.#maxElements = maxElements
    this.#now = now
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
    // One turn of the event loop: requests that stepped together ask together, and messages are heard.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      await this.#runBatch(this.#takeBatch())
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#isRunning = false
  }

  /** The one that waited longest, and those that fit it in the order they came. */
  #takeBatch(): Waiting[] {
    const [first, ...others] = this.#waiting
    const batch = [first!]
    let [rows, elements] = [countRows(first!.inputs), first!.inputs.latent.data.length]
    const limit = this.#limits.limitOf(first!.key)
    for (const candidate of others) {
      if (candidate.key !== first!.key) continue
      const [moreRows, more] = [countRows(candidate.inputs), candidate.inputs.latent.data.length]
      if (rows + moreRows > limit || elements + more > this.#maxElements) continue
      batch.push(candidate)
      rows += moreRows
      elements += more
    }
    for (const taken of batch) this.#waiting.splice(this.#waiting.indexOf(taken), 1)
    return batch
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const inputs = joinInputs(batch.map(({ inputs: own }) => own))
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
