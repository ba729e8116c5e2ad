import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSessionStore, toKeyHeaders, toPasswordHeaders } from './session.ts'
import type { TextStore } from './storage.ts'

const createMemory = (): TextStore & { readonly kept: Map<string, string> } => {
  const kept = new Map<string, string>()
  return {
    kept,
    read: (name) => kept.get(name),
    write: (name, text) => void (text === undefined ? kept.delete(name) : kept.set(name, text)),
  }
}

describe('createSessionStore', () => {
  afterEach(() => vi.unstubAllGlobals())

  const open = () => {
    vi.stubGlobal('fetch', async (_url: URL, { headers }: { headers: Record<string, string> }) =>
      Response.json({
        authentication: 'key',
        tenant: headers['x-api-key'] === 'right' ? 'studio' : null,
        version: '1',
      }),
    )
    const [tab, browser] = [createMemory(), createMemory()]
    return { tab, browser, store: createSessionStore({ base: 'http://h/', tab, browser }) }
  }

  it('asks who it is, and keeps nothing that is not taken', async () => {
    const { store, tab, browser } = open()
    await store.refresh()
    expect(store.session.value?.tenant).toBeNull()
    await store.login(toKeyHeaders('wrong'), true)
    expect(store.fault.value).toBe('That was not accepted.')
    expect([tab.kept.size, browser.kept.size, store.headers()]).toEqual([0, 0, {}])
  })

  it('keeps what is taken for the tab, or for the browser when asked to', async () => {
    for (const isRemembered of [false, true]) {
      const { store, tab, browser } = open()
      await store.login(toKeyHeaders('right'), isRemembered)
      expect(store.session.value?.tenant).toBe('studio')
      expect(store.headers()).toEqual({ 'x-api-key': 'right' })
      expect([tab.kept.size, browser.kept.size]).toEqual(isRemembered ? [0, 1] : [1, 0])
      const again = createSessionStore({ base: 'http://h/', tab, browser })
      expect(again.headers()).toEqual({ 'x-api-key': 'right' })
    }
  })

  it('forgets everywhere when it signs out', async () => {
    const { store, tab, browser } = open()
    await store.login(toKeyHeaders('right'), true)
    store.logout()
    expect([tab.kept.size, browser.kept.size, store.headers()]).toEqual([0, 0, {}])
    expect(store.session.value?.tenant).toBeNull()
  })

  it('says that the server is away, and knows no session then', async () => {
    const { store } = open()
    vi.stubGlobal('fetch', () => Promise.reject(new Error('no route')))
    await store.refresh()
    expect(store.fault.value).toContain('cannot be reached')
    expect(store.session.value).toBeUndefined()
  })

  it('carries user and password as RFC 7617 writes them, in UTF-8', () => {
    expect(toPasswordHeaders('Aladdin', 'open sesame')).toEqual({
      authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    })
    expect(toPasswordHeaders('test', '123£')).toEqual({ authorization: 'Basic dGVzdDoxMjPCow==' })
  })
})
