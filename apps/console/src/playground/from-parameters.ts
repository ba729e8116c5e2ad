import type { Settings } from './settings.ts'

/** What a picture says about how it was made: A1111's names, values as texts. */
export type Parameters = Readonly<Record<string, unknown>>

/** What the form chooses from. */
export interface KnownNames {
  readonly checkpoints: readonly { readonly name: string; readonly hash: string }[]
  readonly samplers: readonly string[]
  readonly schedules: readonly string[]
}

/** What could be taken over, and what could not be. */
export interface Reading {
  readonly settings: Partial<Settings>
  /** Sentences for the person who asked. */
  readonly remarks: readonly string[]
}

/** A hash, short or whole. */
const HASH = /^[0-9a-f]{8,64}$/i

/** Settings that a picture's parameters stand for. */
export function fromParameters(parameters: Parameters, known: KnownNames): Reading {
  const text = (name: string) => {
    const value = parameters[name]
    return value === undefined || value === null ? undefined : String(value)
  }
  const number = (name: string) => {
    const value = Number(text(name) ?? NaN)
    return Number.isFinite(value) ? value : undefined
  }
  const remarks: string[] = []
  const choose = (name: string, from: readonly string[], what: string) => {
    const wanted = text(name)
    if (wanted === undefined || from.includes(wanted)) return wanted
    remarks.push(`${what} “${wanted}” is not here.`)
    return undefined
  }
  const isHires = text('Hires upscale') !== undefined || (number('Hires resize-1') ?? 0) > 0
  const settings: Record<string, unknown> = {
    prompt: text('Prompt'),
    negativePrompt: text('Negative prompt'),
    sampler: choose('Sampler', known.samplers, 'The sampler'),
    schedule: choose('Schedule type', known.schedules, 'The schedule'),
    checkpoint: findCheckpoint(text('Model'), text('Model hash'), known, remarks),
    steps: number('Steps'),
    guidanceScale: number('CFG scale'),
    seed: number('Seed'),
    clipSkip: number('Clip skip'),
    ...{ width: number('Size-1'), height: number('Size-2') },
    ...toPasses(isHires, { text, number }),
  }
  const found = Object.entries(settings).filter(([, value]) => value !== undefined)
  return { settings: Object.fromEntries(found) as Partial<Settings>, remarks }
}

interface Reader {
  readonly text: (name: string) => string | undefined
  readonly number: (name: string) => number | undefined
}

/** One strength is told for either pass. */
function toPasses(isHires: boolean, { text, number }: Reader): Record<string, unknown> {
  const strength = number('Denoising strength')
  if (!isHires) return { hires: false, strength }
  const scale = number('Hires upscale') ?? (number('Hires resize-1') ?? 0) / (number('Size-1') ?? 1)
  return {
    hires: true,
    hiresScale: scale > 1 ? scale : undefined,
    hiresUpscaler: text('Hires upscaler'),
    hiresSteps: number('Hires steps') ?? 0,
    hiresStrength: strength,
  }
}

function findCheckpoint(
  name: string | undefined,
  hash: string | undefined,
  { checkpoints }: KnownNames,
  remarks: string[],
): string | undefined {
  if (name === undefined && hash === undefined) return undefined
  const byHash = checkpoints.find(
    (one) => HASH.test(hash ?? '') && one.hash.startsWith((hash ?? '').toLowerCase()),
  )
  const byName = checkpoints.find((one) => one.name === name || one.name.endsWith(`_${name}`))
  const found = byHash ?? byName
  if (found === undefined) remarks.push(`The checkpoint “${name ?? hash}” is not here.`)
  return found?.name
}
