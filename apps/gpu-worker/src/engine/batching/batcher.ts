import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'

type Inputs = NetworkInputs

interface Waiting {
  readonly inputs: Inputs
  readonly resolve: (output: Tensor) => void
  readonly reject: (error: unknown) => void
}

/** What a batcher may join. */
export interface BatcherLimits {
  /** Latent elements (rows x channels x height x width) of one call at most; a larger single request runs alone. */
  readonly maxElements: number
}

/**
 * Joins the evaluations of all running requests that share a network and a shape into one call. A call takes what waits
 * when the network is free: requests join and leave at every step, and a lone one never waits for company. On the CPU a
 * row's result does not depend on its companions.
 */
export class Batcher {
  readonly #network: PredictionNetwork
  readonly #limits: BatcherLimits
  readonly #waiting: Waiting[] = []
  #isRunning = false

  constructor(network: PredictionNetwork, limits: BatcherLimits) {
    this.#network = network
    this.#limits = limits
  }

  /** Evaluates rows, in company where there is some. */
  readonly predict: PredictionNetwork = (inputs) =>
    new Promise<Tensor>((resolve, reject) => {
      this.#waiting.push({ inputs, resolve, reject })
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

  #takeBatch(): Waiting[] {
    const [first, ...others] = this.#waiting
    const batch = [first!]
    let elements = first!.inputs.latent.data.length
    for (const candidate of others) {
      const size = candidate.inputs.latent.data.length
      if (!fits(first!.inputs, candidate.inputs) || elements + size > this.#limits.maxElements) continue
      batch.push(candidate)
      elements += size
    }
    for (const taken of batch) this.#waiting.splice(this.#waiting.indexOf(taken), 1)
    return batch
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const output = await this.#network(joinInputs(batch.map(({ inputs }) => inputs)))
      let row = 0
      for (const { inputs, resolve } of batch) {
        const rows = inputs.latent.shape[0]!
        resolve(sliceRows(output, row, row + rows))
        row += rows
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

function fits(a: Inputs, b: Inputs): boolean {
  const shapeOf = ({ latent, context }: Inputs) =>
    [...latent.shape.slice(1), ...context.shape.slice(1)].join()
  const placesOf = ({ control = {}, wraps = false }: Inputs) => `${wraps} ${Object.keys(control).join()}`
  return shapeOf(a) === shapeOf(b) && placesOf(a) === placesOf(b)
}

function joinInputs(inputs: readonly Inputs[]): Inputs {
  if (inputs.length === 1) return inputs[0]!
  const timesteps = new Float32Array(inputs.reduce((sum, { timesteps: own }) => sum + own.length, 0))
  let offset = 0
  for (const { timesteps: own } of inputs) {
    timesteps.set(own, offset)
    offset += own.length
  }
  return {
    latent: joinRows(inputs.map(({ latent }) => latent)),
    timesteps,
    context: joinRows(inputs.map(({ context }) => context)),
    ...joinControls(inputs),
    ...(inputs[0]!.wraps === true && { wraps: true }),
  }
}

function joinControls(inputs: readonly Inputs[]): Pick<Inputs, 'control'> {
  const places = Object.keys(inputs[0]!.control ?? {})
  if (places.length === 0) return {}
  const joined = places.map((place) => [place, joinRows(inputs.map(({ control }) => control![place]!))])
  return { control: Object.fromEntries(joined) as Record<string, Tensor> }
}
