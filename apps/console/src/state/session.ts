import type { Session } from '@atelier/catalog/atelier-api'
import { signal, type ReadonlySignal } from '@preact/signals'
import { messageOf } from '../api/fault.ts'
import type { TextStore } from './storage.ts'

/** Headers that say who asks. */
export type CredentialHeaders = Readonly<Record<string, string>>

/** Who the page talks for. */
export interface SessionStore {
  /** Undefined until the server has answered. */
  readonly session: ReadonlySignal<Session | undefined>
  /** Why the last attempt did not succeed; empty: it did. */
  readonly fault: ReadonlySignal<string>
  headers(): CredentialHeaders
  /** Asks the server who the kept credentials stand for. */
  refresh(): Promise<void>
  /** Tries credentials, and keeps them when they are taken: for this tab, or in this browser. */
  login(headers: CredentialHeaders, isRemembered: boolean): Promise<void>
  logout(): void
}

/** Where credentials are kept. */
export interface SessionOptions {
  readonly base: string
  /** Forgotten with the tab. */
  readonly tab: TextStore
  /** Kept in the browser. */
  readonly browser: TextStore
}

const NAME = 'credentials'

/** Makes the store of who the page talks for. */
export function createSessionStore({ base, tab, browser }: SessionOptions): SessionStore {
  const session = signal<Session | undefined>(undefined)
  const fault = signal('')
  const state = { headers: parseHeaders(tab.read(NAME) ?? browser.read(NAME)) }
  const ask = async (headers: CredentialHeaders): Promise<Session> => {
    const answer = await fetch(new URL('atelier/v1/session', base), { headers })
    if (!answer.ok) throw new Error(`the server answered with status ${answer.status}`)
    return (await answer.json()) as Session
  }
  const keep = (headers: CredentialHeaders, store: TextStore | undefined): void => {
    state.headers = headers
    for (const one of [tab, browser]) one.write(NAME, one === store ? JSON.stringify(headers) : undefined)
  }
  return {
    session,
    fault,
    headers: () => state.headers,
    async refresh() {
      try {
        session.value = await ask(state.headers)
        fault.value = ''
      } catch (error) {
        fault.value = `The server cannot be reached: ${messageOf(error)}`
      }
    },
    async login(headers, isRemembered) {
      fault.value = ''
      try {
        const answer = await ask(headers)
        if (answer.tenant === null) fault.value = 'That was not accepted.'
        else keep(headers, isRemembered ? browser : tab)
        session.value = answer
      } catch (error) {
        fault.value = `The server cannot be reached: ${messageOf(error)}`
      }
    },
    logout() {
      keep({}, undefined)
      const known = session.value
      if (known !== undefined) session.value = { ...known, tenant: null }
    },
  }
}

/** Headers that carry an API key. */
export function toKeyHeaders(key: string): CredentialHeaders {
  return { 'x-api-key': key }
}

/** Headers that carry user and password. */
export function toPasswordHeaders(user: string, password: string): CredentialHeaders {
  const bytes = new TextEncoder().encode(`${user}:${password}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

function parseHeaders(text: string | undefined): CredentialHeaders {
  if (text === undefined) return {}
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as CredentialHeaders) : {}
  } catch {
    return {}
  }
}
