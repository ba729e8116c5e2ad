/** Bytes of inputs that stay on the thread: joined hints of 16 rows of 512x512 pixels are 50 MB, and several jobs take turns. */
export const KEPT_BYTES = 256 * 2 ** 20

/** An array that the thread has under a number, or is to keep under it. */
export interface KeptInput {
  readonly number: number
  /** Whether it must be sent. */
  readonly isNew: boolean
}

/**
 * What of the inputs that stay the thread has, least recently used first: contexts and hints are the same at each step,
 * and cross once. Both sides hold them until they are dropped here.
 */
export class KeptInputs {
  readonly #limitBytes: number
  readonly #numbers = new Map<Float32Array, number>()
  #bytes = 0
  #count = 0

  constructor(limitBytes = KEPT_BYTES) {
    this.#limitBytes = limitBytes
  }

  /** The number of an array, which is kept from now on; undefined: it is too large to be. */
  refer(data: Float32Array): KeptInput | undefined {
    if (data.byteLength > this.#limitBytes) return undefined
    const known = this.#numbers.get(data)
    if (known === undefined) this.#bytes += data.byteLength
    else this.#numbers.delete(data)
    const number = known ?? (this.#count += 1)
    this.#numbers.set(data, number)
    return { number, isNew: known === undefined }
  }

  /** Drops what was used longest ago until the rest is within the limit; the numbers of what is gone. */
  drop(): number[] {
    const dropped: number[] = []
    for (const [data, number] of this.#numbers) {
      if (this.#bytes <= this.#limitBytes) break
      this.#numbers.delete(data)
      this.#bytes -= data.byteLength
      dropped.push(number)
    }
    return dropped
  }
}
