/** Byte arrays by key, the least recently used ones leaving first; bounded by their bytes. */
export class ByteCache {
  readonly #limit: number
  readonly #entries = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limit = limitBytes
  }

  /** The bytes, now the most recently used. */
  get(key: string): Uint8Array | undefined {
    const bytes = this.#entries.get(key)
    if (bytes === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, bytes)
    return bytes
  }

  /** Keeps bytes; what is larger than a quarter of the whole is not kept. */
  set(key: string, bytes: Uint8Array): void {
    this.#delete(key)
    if (bytes.byteLength > this.#limit / 4) return
    this.#entries.set(key, bytes)
    this.#bytes += bytes.byteLength
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limit) return
      this.#delete(oldest)
    }
  }

  /** Forgets every key that starts with the text. */
  deletePrefix(prefix: string): void {
    for (const key of [...this.#entries.keys()]) if (key.startsWith(prefix)) this.#delete(key)
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.byteLength ?? 0
    this.#entries.delete(key)
  }
}
