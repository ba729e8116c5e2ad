import { createRequire } from 'node:module'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'

/** Pixels of a picture, red, green and blue, row by row. */
export interface DecodedPicture {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Pictures that carry embeddings are far below this. */
const MAX_PIXELS = 16_000_000
const TIMEOUT_MS = 20_000

/** Runs in a thread of its own; sharp has no synchronous form. */
const DECODE = `
const { sharp: path, file, limit, port, done } = require('node:worker_threads').workerData
require(path)(file, { limitInputPixels: limit })
  .removeAlpha()
  .toColourspace('srgb')
  .raw()
  .toBuffer({ resolveWithObject: true })
  .then(({ data, info }) => ({ width: info.width, height: info.height, channels: info.channels, data }))
  .catch((error) => ({ reason: String(error.message) }))
  .then((answer) => {
    port.postMessage(answer)
    Atomics.store(done, 0, 1)
    Atomics.notify(done, 0)
  })
`

/**
 * Decodes a small picture while the caller waits: model files are described synchronously, and few of them are pictures.
 * @throws CheckpointError `malformed` when it is none, or one of too many pixels
 */
export function decodePicture(path: string): DecodedPicture {
  const require = createRequire(import.meta.url)
  const sharp = require.resolve('sharp')
  // Its libraries must be loaded before a thread uses them, and stay loaded after it.
  require(sharp)
  const done = new Int32Array(new SharedArrayBuffer(4))
  const { port1: ours, port2: port } = new MessageChannel()
  const workerData = { sharp, file: path, limit: MAX_PIXELS, port, done }
  const worker = new Worker(DECODE, { eval: true, workerData, transferList: [port], execArgv: [] })
  // What became of it is seen by its answer.
  worker.on('error', () => undefined)
  const isDone = Atomics.wait(done, 0, 0, TIMEOUT_MS) !== 'timed-out'
  const answer = isDone ? (receiveMessageOnPort(ours)?.message as Answer | undefined) : undefined
  ours.close()
  void worker.terminate()
  if (answer === undefined || 'reason' in answer)
    throw new CheckpointError('malformed', path, `it is no picture: ${answer?.reason ?? 'no answer'}`)
  const { width, height, channels, data } = answer
  return { width, height, data: channels === 3 ? data : toColours(data, channels) }
}

type Answer =
  | { readonly reason: string }
  | { readonly width: number; readonly height: number; readonly channels: number; readonly data: Uint8Array }

/** Grey values as colours. */
function toColours(data: Uint8Array, channels: number): Uint8Array {
  const colours = new Uint8Array((data.length / channels) * 3)
  return colours.map((_, i) => data[Math.floor(i / 3) * channels]!)
}
