import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import type { DocumentStore } from '@atelier/ledger'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { readJsonBody, requireObject } from '../read-body.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson, answerPlainJson, pathParameter } from '../respond.ts'

/** Where a tenant's front-end settings are kept, as exact JSON text. */
const SETTINGS_KEY = 'comfy/settings'
/** Written when the front end first asks for settings: from then on the tenant counts as known. */
const KNOWN_KEY = 'comfy/known'
/** Times a write is tried while others write, too. */
const MAX_ATTEMPTS = 20

/** The front end's settings, and the one user there is. */
export function addSettingsRoutes(add: AddRoute, deps: GatewayDeps): void {
  const { documents } = deps.store

  add('GET', '/users', async (c) => {
    const isKnown = (await documents.list(c.get('tenant'), 'comfy/')).length > 0
    return answerPlainJson({ storage: 'server', migrated: isKnown })
  })
  add('POST', '/users', async (c) => {
    const name = requireObject(await readJsonBody(c), 'the body').get('username')
    if (typeof name !== 'string' || name.trim() === '') throw new RequestFault('username is missing')
    const sanitised = name.trim().replace(/[^a-zA-Z0-9_-]/g, '-')
    return answerPlainJson(`${sanitised}_${deps.createId()}`)
  })

  add('GET', '/settings', async (c) => {
    const tenant = c.get('tenant')
    await documents.write(tenant, KNOWN_KEY, true, 0)
    return answerJson(await readSettings(documents, tenant))
  })
  add('GET', '/settings/:id', async (c) => {
    const settings = await readSettings(documents, c.get('tenant'))
    return answerJson(settings.get(pathParameter(c, 'id')) ?? null)
  })
  add('POST', '/settings', async (c) => {
    const changes = requireObject(await readJsonBody(c), 'the body')
    await mergeSettings(documents, c.get('tenant'), changes)
    return answerEmpty()
  })
  add('POST', '/settings/:id', async (c) => {
    const changes = new Map([[pathParameter(c, 'id'), await readJsonBody(c)]])
    await mergeSettings(documents, c.get('tenant'), changes)
    return answerEmpty()
  })
}

/** A tenant's settings; empty before the first. */
export async function readSettings(documents: DocumentStore, tenant: string): Promise<ExactObject> {
  return parseStored((await documents.read(tenant, SETTINGS_KEY))?.value)
}

/** Replaces or adds settings; what others write at the same time is kept. */
async function mergeSettings(documents: DocumentStore, tenant: string, changes: ExactObject): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const stored = await documents.read(tenant, SETTINGS_KEY)
    const merged: ExactObject = new Map([...parseStored(stored?.value), ...changes])
    const text = formatExactJson(merged)
    if (await documents.write(tenant, SETTINGS_KEY, text, stored?.revision ?? 0)) return
  }
  throw new Error(`settings could not be written: ${MAX_ATTEMPTS} times somebody else was faster`)
}

function parseStored(value: unknown): ExactObject {
  const parsed: ExactValue = typeof value === 'string' ? parseExactJson(value) : null
  return isExactObject(parsed) ? parsed : new Map()
}
