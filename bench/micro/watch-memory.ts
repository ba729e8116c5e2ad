import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'

/** How often memory is looked at, milliseconds. */
const SAMPLE_MS = 20

/** A running watch over this process's memory. */
export interface MemoryWatch {
  /** Ends it; the highest anonymous resident memory above that at the start, bytes (pages of files not counted). */
  stop(): Promise<{ readonly peakBytes: number }>
}

/** Watches this process from a thread of its own, because loading a network blocks the main one. Linux only. */
export function watchMemory(): MemoryWatch {
  const before = readAnonymousBytes()
  const shared = new Float64Array(new SharedArrayBuffer(8))
  const source = `
    const { workerData } = require('node:worker_threads')
    const { readFileSync } = require('node:fs')
    setInterval(() => {
      const kib = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
      workerData[0] = Math.max(workerData[0], kib * 1024)
    }, ${SAMPLE_MS})`
  const worker = new Worker(source, { eval: true, workerData: shared })
  return {
    async stop() {
      await worker.terminate()
      return { peakBytes: Math.max(shared[0] ?? 0, readAnonymousBytes()) - before }
    },
  }
}

function readAnonymousBytes(): number {
  return 1024 * Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0)
}
