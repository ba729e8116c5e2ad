import { ApiFault, parseFault } from './fault.ts'

/** Calls to the server that the page came from. Every method throws ApiFault when it is not answered well. */
export interface Client {
  getJson<Body>(path: string): Promise<Body>
  send<Body>(method: 'POST' | 'DELETE', path: string, body?: unknown, prefer?: string): Promise<Body>
  /** Undefined when there is nothing (204). */
  getBlob(path: string): Promise<Blob | undefined>
  /** An answer that is read as it comes. */
  open(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>
}

/** What a client is made of. */
export interface ClientOptions {
  /** Address that paths are below, with a trailing slash. */
  readonly base: string
  /** Headers that say who asks. */
  readonly credentials: () => Readonly<Record<string, string>>
  /** Called when the server no longer takes them. */
  readonly onRefused: () => void
}

/** Makes a client. Paths have no leading slash. */
export function createClient({ base, credentials, onRefused }: ClientOptions): Client {
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { ...credentials(), ...(init.headers as Record<string, string> | undefined) }
    const answer = await fetch(new URL(path, base), { ...init, headers }).catch((error: unknown) => {
      if (init.signal?.aborted === true) throw error
      throw new ApiFault(0, 'the server cannot be reached')
    })
    if (answer.ok) return answer
    if (answer.status === 401) onRefused()
    throw parseFault(answer.status, await answer.text().catch(() => ''))
  }
  return {
    getJson: async <Body>(path: string) => (await (await call(path, {})).json()) as Body,
    async send<Body>(method: 'POST' | 'DELETE', path: string, body?: unknown, prefer?: string) {
      const headers: Record<string, string> = {}
      if (body !== undefined) headers['content-type'] = 'application/json'
      if (prefer !== undefined) headers['prefer'] = prefer
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
      return (await (await call(path, init)).json()) as Body
    },
    async getBlob(path) {
      const answer = await call(path, {})
      return answer.status === 204 ? undefined : answer.blob()
    },
    async open(path, signal) {
      const { body } = await call(path, { signal, headers: { accept: 'text/event-stream' } })
      if (body === null) throw new ApiFault(0, 'the server sent nothing')
      return body
    },
  }
}
