import { describe, expect, it } from 'vitest'
import { createTextStore, readKept } from './storage.ts'

function createMemory(): Storage {
  const kept = new Map<string, string>()
  return {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, text: string) => void kept.set(name, text),
    removeItem: (name: string) => void kept.delete(name),
    key: (index: number) => [...kept.keys()][index] ?? null,
    clear: () => kept.clear(),
    get length() {
      return kept.size
    },
  }
}

describe('what the page keeps', () => {
  it('lies under names that no other page of the address uses', () => {
    const memory = createMemory()
    createTextStore(() => memory).write('theme', 'dark')
    expect([memory.key(0), memory.getItem('atelier.theme')]).toEqual(['atelier.theme', 'dark'])
  })

  it('is read back until it is removed', () => {
    const store = createTextStore(
      (
        (memory) => () =>
          memory
      )(createMemory()),
    )
    expect(store.read('a')).toBeUndefined()
    store.write('a', '')
    expect(store.read('a')).toBe('')
    store.write('a', undefined)
    expect(store.read('a')).toBeUndefined()
  })

  it('is nothing, and no fault, where the browser keeps nothing', () => {
    const refuse = (): Storage => {
      throw new DOMException('denied', 'SecurityError')
    }
    const store = createTextStore(refuse)
    store.write('a', 'x')
    store.write('a', undefined)
    expect(store.read('a')).toBeUndefined()
  })

  it.each([
    ['{"steps": 3}', { steps: 3 }],
    ['[]', []],
    ['null', undefined],
    ['{"steps": ', undefined],
    [undefined, undefined],
  ])('is JSON where it is asked for so: %s', (text, expected) => {
    const store = { read: () => text, write: () => undefined }
    expect(readKept(store, 'settings')).toEqual(expected)
  })
})
