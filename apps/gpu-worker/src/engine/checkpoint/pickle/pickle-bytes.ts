import { CheckpointError } from '../checkpoint-error.ts'
import { readExactly, type OpenFile } from '../read-bytes.ts'

/** Bytes read from the file at a time. */
const CHUNK_BYTES = 256 * 1024
/** The pickle of a checkpoint with optimizer states is a few megabytes; weights lie outside it. */
const MAX_PICKLE_BYTES = 64 * 1024 * 1024
/** A line holds the name of a module or of something in it. */
const MAX_LINE_BYTES = 1_024

/** Reads a pickle off a part of a file, front to back. */
export class PickleBytes {
  readonly #file: OpenFile
  readonly #end: number
  #position: number
  #chunk: Buffer = Buffer.alloc(0)
  #chunkStart = 0

  constructor(file: OpenFile, start: number, end: number) {
    this.#file = file
    this.#position = start
    this.#end = Math.min(end, start + MAX_PICKLE_BYTES)
  }

  /** Position in the file of the next byte. */
  get position(): number {
    return this.#position
  }

  /** The next `length` bytes; a promise of more than there are allocates nothing. */
  take(length: number): Buffer {
    if (length > this.#end - this.#position) {
      const reason = `its pickle ends at byte ${this.#end}, inside a value of ${length} bytes`
      throw new CheckpointError('malformed', this.#file.path, reason)
    }
    const from = this.#position - this.#chunkStart
    if (from < 0 || from + length > this.#chunk.length) {
      this.#chunkStart = this.#position
      const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.#end - this.#position)
      this.#chunk = readExactly(this.#file, this.#position, wanted)
      return this.#advance(0, length)
    }
    return this.#advance(from, length)
  }

  /** The next byte. */
  takeByte(): number {
    return this.take(1)[0]!
  }

  /** Text up to the next line feed. */
  takeLine(): string {
    const bytes: number[] = []
    for (let byte = this.takeByte(); byte !== 0x0a; byte = this.takeByte()) {
      bytes.push(byte)
      if (bytes.length > MAX_LINE_BYTES) {
        const reason = `its pickle has a line of more than ${MAX_LINE_BYTES} bytes`
        throw new CheckpointError('malformed', this.#file.path, reason)
      }
    }
    return Buffer.from(bytes).toString('utf8')
  }

  #advance(from: number, length: number): Buffer {
    this.#position += length
    return this.#chunk.subarray(from, from + length)
  }
}
