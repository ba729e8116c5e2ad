import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from './client.ts'

describe('createClient', () => {
  afterEach(() => vi.unstubAllGlobals())

  const open = (answer: () => Response | Promise<Response>) => {
    const calls: { url: string; init: RequestInit }[] = []
    vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
      calls.push({ url: String(url), init })
      return answer()
    })
    const onRefused = vi.fn()
    const credentials = () => ({ 'x-api-key': 'k' })
    return { calls, onRefused, client: createClient({ base: 'http://h/atelier/', credentials, onRefused }) }
  }

  it('asks below the address of the page, with what says who asks', async () => {
    const { client, calls } = open(() => Response.json({ a: 1 }))
    expect(await client.getJson('sdapi/v1/options')).toEqual({ a: 1 })
    expect(calls[0]).toEqual({
      url: 'http://h/atelier/sdapi/v1/options',
      init: { headers: { 'x-api-key': 'k' } },
    })
  })

  it('sends JSON, and what it prefers', async () => {
    const { client, calls } = open(() => Response.json({ id: 'x' }, { status: 202 }))
    await client.send('POST', 'sdapi/v1/txt2img', { steps: 1 }, 'respond-async')
    expect(calls[0]?.init).toEqual({
      method: 'POST',
      headers: { 'x-api-key': 'k', 'content-type': 'application/json', prefer: 'respond-async' },
      body: '{"steps":1}',
    })
  })

  it('tells nothing where there is nothing', async () => {
    const { client } = open(() => new Response(null, { status: 204 }))
    expect(await client.getBlob('atelier/v1/jobs/x/preview')).toBeUndefined()
  })

  it('throws what the server says, and tells when it no longer knows who asks', async () => {
    const { client, onRefused } = open(() => Response.json({ detail: 'Not authenticated' }, { status: 401 }))
    await expect(client.getJson('x')).rejects.toMatchObject({ status: 401, message: 'Not authenticated' })
    expect(onRefused).toHaveBeenCalledOnce()
  })

  it('says in words that there is no server', async () => {
    const { client } = open(() => Promise.reject(new TypeError('fetch failed')))
    await expect(client.getJson('x')).rejects.toMatchObject({
      status: 0,
      message: 'the server cannot be reached',
    })
  })
})
