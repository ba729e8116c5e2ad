import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

/** Tenant names are part of storage keys. */
const TENANT_PATTERN = /^[a-z0-9-]{1,64}$/
/** How often the key file is looked at for changes, milliseconds. */
const RELOAD_CHECK_MS = 1_000

/** Knows which tenant an API key belongs to. */
export interface ApiKeys {
  /** The key's tenant, or undefined for an unknown key. */
  tenantOf(key: string): string | undefined
}

/**
 * Reads `key tenant` lines; empty lines and lines starting with # are skipped. Keys are kept as SHA-256, so that
 * looking one up tells nothing about the others by time.
 * @throws Error naming the line that has no tenant or a tenant outside [a-z0-9-]{1,64}
 */
export function parseApiKeys(text: string): ReadonlyMap<string, string> {
  const tenants = new Map<string, string>()
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return
    const [key, tenant, ...rest] = trimmed.split(/\s+/)
    if (key === undefined || tenant === undefined || rest.length > 0 || !TENANT_PATTERN.test(tenant)) {
      throw new Error(`line ${index + 1} of the key file is not "key tenant" with a tenant of [a-z0-9-]`)
    }
    tenants.set(digest(key), tenant)
  })
  return tenants
}

/** Opens a key file and reads it again when it changes; a change that cannot be read keeps the keys before it. */
export function openApiKeys(path: string, now: () => number, onFault: (fault: unknown) => void): ApiKeys {
  const state = {
    keys: parseApiKeys(readFileSync(path, 'utf8')),
    modified: statSync(path).mtimeMs,
    checked: now(),
  }
  const reload = (): void => {
    if (now() - state.checked < RELOAD_CHECK_MS) return
    state.checked = now()
    try {
      const modified = statSync(path).mtimeMs
      if (modified === state.modified) return
      state.modified = modified
      state.keys = parseApiKeys(readFileSync(path, 'utf8'))
    } catch (fault) {
      onFault(fault)
    }
  }
  return {
    tenantOf(key) {
      reload()
      return state.keys.get(digest(key))
    },
  }
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
