import type { DocumentStore } from '@atelier/ledger'
import {
  equalsInPython,
  formatExactJson,
  isExactObject,
  parseExactJson,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import { OPTION_DEFAULTS, UNLISTED_OPTIONS } from './options.data.ts'

/** Where a tenant's changed options are kept. */
const DOCUMENT_KEY = 'sdapi/options'
/** How often a change is tried again when another request changes options at the same time. */
const WRITE_ATTEMPTS = 10

/** Options that POST accepts and does not change: texts of the page, and what would let a client open the server. */
const UNCHANGEABLE = new Set([
  'sd_vae_explanation',
  'infotext_explanation',
  'profiling_explanation',
  'settings_in_ui',
  'hypertile_explanation',
  'api_enable_requests',
  'api_forbid_local_requests',
  'api_useragent',
])

/** What the original tries out when it changes, and does not take where that fails. */
const USABLE: ReadonlyMap<string, (value: ExactValue) => boolean> = new Map([
  ['temp_dir', (value: ExactValue) => typeof value === 'string'],
  ['sd_vae', (value: ExactValue) => !Array.isArray(value) && !isExactObject(value)],
])

const DEFAULTS: Options = new Map([...OPTION_DEFAULTS, ...UNLISTED_OPTIONS])

/** Options by name: the defaults with what was changed. */
export type Options = ReadonlyMap<string, ExactValue>

/** Reads a tenant's options. */
export async function readOptions(documents: DocumentStore, tenant: string): Promise<Options> {
  return new Map([...DEFAULTS, ...(await readStoredOptions(documents, tenant))])
}

/** The options a tenant has set, as it set them. */
export async function readStoredOptions(documents: DocumentStore, tenant: string): Promise<Options> {
  const document = await documents.read(tenant, DOCUMENT_KEY)
  return toStored(document?.value)
}

/** Changes a tenant's options, all or none; throws A1111's KeyError for an unknown key with a value. */
export async function changeOptions(
  documents: DocumentStore,
  tenant: string,
  changes: Options,
): Promise<void> {
  const checked = keepUsable(keepChangeable(changes))
  for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
    const document = await documents.read(tenant, DOCUMENT_KEY)
    const stored = toStored(document?.value)
    const changed = new Map([...stored, ...findChanges(stored, checked)])
    // Exact JSON as text: plain JSON would lose the difference of 1 and 1.0.
    const text = formatExactJson(changed)
    if (await documents.write(tenant, DOCUMENT_KEY, text, document?.revision ?? 0)) return
  }
  throw pythonException('RuntimeError', 'the options are being changed by too many requests at once')
}

/**
 * The options of one request: stored ones with the request's overrides on top.
 * @throws ApiError (`KeyError`) for unknown keys
 */
export function overrideOptions(options: Options, overrides: Options): Options {
  return new Map([...options, ...keepChangeable(overrides)])
}

/** The values that are not equal to those that have been set: 1 is no change of true, nor 1.0 of 1 (A1111). */
function findChanges(stored: Options, wanted: Options): Options {
  const isKept = (key: string, value: ExactValue): boolean => {
    const present = stored.get(key)
    return present !== undefined && equalsInPython(value, present)
  }
  return new Map([...wanted].filter(([key, value]) => !isKept(key, value)))
}

function keepChangeable(changes: Options): Options {
  for (const [key, value] of changes) {
    if (!DEFAULTS.has(key) && value !== null) throw pythonException('KeyError', `'${key}'`)
  }
  return new Map([...changes].filter(([key]) => DEFAULTS.has(key) && !UNCHANGEABLE.has(key)))
}

function keepUsable(changes: Options): Options {
  return new Map([...changes].filter(([key, value]) => USABLE.get(key)?.(value) !== false))
}

function toStored(value: unknown): Options {
  if (typeof value !== 'string') return new Map()
  const parsed = parseExactJson(value)
  return isExactObject(parsed) ? parsed : new Map()
}

/** An option as a number; the fallback where it is none. */
export function optionNumber(options: Options, key: string, fallback: number): number {
  const value = options.get(key)
  const isNumber = typeof value === 'bigint' || typeof value === 'number'
  const isText = typeof value === 'string' && value.trim() !== ''
  const number = isNumber || isText ? Number(value) : NaN
  return Number.isNaN(number) ? fallback : number
}

/** An option as a text; empty where it is none. */
export function optionText(options: Options, key: string): string {
  const value = options.get(key)
  return typeof value === 'string' ? value : ''
}

const TRUE_TEXTS = new Set(['1', 'on', 't', 'true', 'y', 'yes'])

/** An option as a switch; the texts and numbers that stand for true count. */
export function optionFlag(options: Options, key: string): boolean {
  const value = options.get(key)
  if (typeof value === 'string') return TRUE_TEXTS.has(value.toLowerCase())
  return value === true || value === 1n || value === 1
}
