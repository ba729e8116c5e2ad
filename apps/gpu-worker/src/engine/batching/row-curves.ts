import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { RowCurve, RowLimitsOptions } from './row-limits.ts'

/** Of the file's layout; another one's file is measured anew. */
const LAYOUT = 1
/** Curves kept; the least recently measured leave. */
const MAX_CURVES = 512
/** A curve is measured anew after so long: drivers, clocks and neighbours change. Milliseconds. */
const MAX_AGE_MS = 30 * 24 * 3600 * 1000
/** How long changes are gathered before the file is written, milliseconds. */
const WRITE_DELAY_MS = 2_000
/** Changes below this share are not worth writing. */
const NOTABLE = 0.05

const fileSchema = z.object({
  layout: z.literal(LAYOUT),
  runtime: z.string(),
  device: z.string(),
  curves: z.array(
    z.object({
      network: z.string(),
      kind: z.string(),
      measuredAtMs: z.number().nonnegative(),
      /** Rows and best seconds of a call. */
      seconds: z.array(z.tuple([z.number().int().positive(), z.number().positive()])).min(1),
    }),
  ),
})

/** Where curves are kept, and what they hold for. */
export interface RowCurvesOptions {
  readonly path: string
  /** Version of ONNX Runtime. */
  readonly runtime: string
  /** Name of the device. */
  readonly device: string
  /** Hears, in one line, that a file is not used or cannot be written. */
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

interface Kept {
  readonly network: string
  readonly kind: string
  measuredAtMs: number
  seconds: Map<number, number>
}

/**
 * How long calls take by their rows, kept on disk for each network and shape: a worker that starts again joins as many rows
 * as it had found worth joining. What was measured with another ONNX Runtime or on another device is not used, nor is a
 * file that cannot be read; both are measured anew. What is kept is only where measuring starts: every call goes on
 * correcting it.
 */
export class RowCurves {
  readonly #options: RowCurvesOptions
  readonly #now: () => number
  /** In the order in which they were measured last. */
  readonly #curves = new Map<string, Kept>()
  #timer: NodeJS.Timeout | undefined
  #cannotWrite = false

  constructor(options: RowCurvesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#read()
  }

  /** What a network's row limits begin with and whom they tell, by the identity of its weights. */
  of(network: string): RowLimitsOptions {
    return {
      recall: (kind) => this.#curves.get(toKey(network, kind))?.seconds,
      onMeasured: (kind, curve) => this.#keep(network, kind, curve),
    }
  }

  /** Writes what has changed now. */
  flush(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#write()
  }

  #keep(network: string, kind: string, curve: RowCurve): void {
    const key = toKey(network, kind)
    const known = this.#curves.get(key)
    if (known !== undefined && !isNotable(known.seconds, curve)) return
    this.#curves.delete(key)
    this.#curves.set(key, { network, kind, measuredAtMs: this.#now(), seconds: new Map(curve) })
    for (const oldest of [...this.#curves.keys()].slice(0, -MAX_CURVES)) this.#curves.delete(oldest)
    this.#timer ??= setTimeout(() => this.flush(), WRITE_DELAY_MS).unref()
  }

  #read(): void {
    const { path, runtime, device, log } = this.#options
    const text = readIfThere(path)
    if (text === undefined) return
    const parsed = fileSchema.safeParse(parseJson(text))
    if (!parsed.success) {
      log?.('the file of measured row limits cannot be read and is measured anew', { path })
      return
    }
    if (parsed.data.runtime !== runtime || parsed.data.device !== device) {
      const { runtime: oldRuntime, device: oldDevice } = parsed.data
      log?.('the measured row limits are of another runtime or device and are measured anew', {
        ...{ path, runtime, device, oldRuntime, oldDevice },
      })
      return
    }
    const oldest = this.#now() - MAX_AGE_MS
    for (const { seconds, ...curve } of parsed.data.curves) {
      if (curve.measuredAtMs < oldest) continue
      this.#curves.set(toKey(curve.network, curve.kind), { ...curve, seconds: new Map(seconds) })
    }
  }

  #write(): void {
    const { path, runtime, device, log } = this.#options
    const curves = [...this.#curves.values()].map((curve) => ({ ...curve, seconds: [...curve.seconds] }))
    try {
      mkdirSync(dirname(path), { recursive: true })
      // Whole or not at all: another process may be reading it.
      writeFileSync(
        `${path}.${process.pid}.part`,
        JSON.stringify({ layout: LAYOUT, runtime, device, curves }),
      )
      renameSync(`${path}.${process.pid}.part`, path)
      this.#cannotWrite = false
    } catch (error) {
      if (!this.#cannotWrite) log?.('the measured row limits cannot be kept', { path, reason: String(error) })
      this.#cannotWrite = true
    }
  }
}

function toKey(network: string, kind: string): string {
  return JSON.stringify([network, kind])
}

function isNotable(known: RowCurve, curve: RowCurve): boolean {
  if (known.size !== curve.size) return true
  return [...curve].some(([rows, seconds]) => {
    const before = known.get(rows)
    return before === undefined || Math.abs(seconds - before) > NOTABLE * before
  })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
