import { describe, expect, it } from 'vitest'
import { NodeCache, parseNodeCacheKind, type NodeCacheKind } from './node-cache.ts'

const result = { outputs: [[1]] }

/** Runs prompts of these signatures one after the other; says what each found. */
function found(kind: NodeCacheKind, prompts: readonly string[]): string[] {
  const cache = new NodeCache(kind)
  return prompts.map((prompt) => {
    const signatures = [...prompt]
    cache.begin(new Set(signatures))
    const hits = signatures.filter((signature) => cache.get(signature) !== undefined)
    for (const signature of signatures) cache.set(signature, result)
    return hits.join('')
  })
}

describe('a cache of node results', () => {
  it('keeps what the newest prompt uses', () => {
    expect(found({ kind: 'newest-prompt' }, ['abc', 'abd', 'abc', 'abc'])).toEqual(['', 'ab', 'ab', 'abc'])
  })

  it('keeps nothing', () => {
    expect(found({ kind: 'none' }, ['abc', 'abc'])).toEqual(['', ''])
  })

  it('keeps the results of the newest prompts up to a number, whole prompts at a time', () => {
    const kind = { kind: 'recent', size: 4 } as const
    expect(found(kind, ['ab', 'cd', 'ab', 'cd'])).toEqual(['', '', 'ab', 'cd'])
    // Five are too many: those used longest ago leave together, but for what the prompt that begins uses.
    expect(found(kind, ['ab', 'cd', 'e', 'f', 'ab'])).toEqual(['', '', '', '', ''])
    expect(found(kind, ['ab', 'cd', 'e', 'a', 'b'])).toEqual(['', '', '', 'a', ''])
  })

  it('keeps a prompt that is larger than the number', () => {
    expect(found({ kind: 'recent', size: 1 }, ['abc', 'abc', 'x', 'abc'])).toEqual(['', 'abc', '', ''])
  })

  it('is made as the setting says', () => {
    expect(parseNodeCacheKind('newest-prompt')).toEqual({ kind: 'newest-prompt' })
    expect(parseNodeCacheKind('recent:30')).toEqual({ kind: 'recent', size: 30 })
    expect(parseNodeCacheKind('none')).toEqual({ kind: 'none' })
  })
})
