import type { DocumentStore } from '@atelier/ledger'
import { formatExactJson, isExactObject, parseExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import { OPTION_DEFAULTS } from './options.data.ts'

/** Where a tenant's changed options are kept. */
const DOCUMENT_KEY = 'sdapi/options'

/** Options that POST accepts and does not change: texts of the page, and what would let a client open the server. */
const UNCHANGEABLE = new Set([
  'sd_vae_explanation',
  'infotext_explanation',
  'profiling_explanation',
  'api_enable_requests',
  'api_forbid_local_requests',
  'api_useragent',
])

/** A tenant's options: the defaults with what it changed. */
export type Options = ReadonlyMap<string, ExactValue>

/** Reads a tenant's options. */
export async function readOptions(documents: DocumentStore, tenant: string): Promise<Options> {
  return new Map([...OPTION_DEFAULTS, ...(await readChanged(documents, tenant))])
}

/** Changes a tenant's options; throws A1111's KeyError for an unknown key with a value. */
export async function changeOptions(
  documents: DocumentStore,
  tenant: string,
  changes: Options,
): Promise<void> {
  const changed = new Map(await readChanged(documents, tenant))
  for (const [key, value] of changes) {
    checkKey(key, value)
    if (OPTION_DEFAULTS.has(key) && !UNCHANGEABLE.has(key)) changed.set(key, value)
  }
  // Exact JSON as text: plain JSON would lose the difference of 1 and 1.0.
  await documents.write(tenant, DOCUMENT_KEY, formatExactJson(new Map(changed)))
}

/** The options of one request: stored ones with the request's overrides on top. Throws KeyError for unknown keys. */
export function overrideOptions(options: Options, overrides: ReadonlyMap<string, ExactValue>): Options {
  const result = new Map(options)
  for (const [key, value] of overrides) {
    checkKey(key, value)
    if (OPTION_DEFAULTS.has(key) && !UNCHANGEABLE.has(key)) result.set(key, value)
  }
  return result
}

function checkKey(key: string, value: ExactValue): void {
  if (!OPTION_DEFAULTS.has(key) && value !== null) throw pythonException('KeyError', `'${key}'`)
}

async function readChanged(documents: DocumentStore, tenant: string): Promise<Options> {
  const document = await documents.read(tenant, DOCUMENT_KEY)
  if (typeof document?.value !== 'string') return new Map()
  const parsed = parseExactJson(document.value)
  return isExactObject(parsed) ? parsed : new Map()
}

/** An option as a number; the fallback where it is none. */
export function optionNumber(options: Options, key: string, fallback: number): number {
  const value = options.get(key)
  const number = value === null || value === undefined ? NaN : Number(value)
  return Number.isNaN(number) ? fallback : number
}

/** An option as a text; empty where it is none. */
export function optionText(options: Options, key: string): string {
  const value = options.get(key)
  return typeof value === 'string' ? value : ''
}

/** An option as a switch. */
export function optionFlag(options: Options, key: string): boolean {
  return options.get(key) === true
}
