import { describe, expect, it } from 'vitest'
import { resolveBelow, splitAnnotation, splitPath } from './folders.ts'

describe('resolveBelow', () => {
  it.each([
    [['a/b'], 'a/b'],
    [['./a/../b'], 'b'],
    [['a', 'b.png'], 'a/b.png'],
    [['../input/a'], 'a'],
    [[''], ''],
    [['.'], ''],
    [['a//b/'], 'a/b'],
    [['..'], undefined],
    [['../input2/a'], undefined],
    [['a', '../../x'], undefined],
    [['/etc/passwd'], undefined],
    [['/input/a'], undefined],
    [['a\0b'], undefined],
    [['../../../../..'], undefined],
    [['a\\..\\..\\b'], 'a\\..\\..\\b'],
  ])('resolves %j to %j', (paths, resolved) => {
    expect(resolveBelow('input', ...paths)).toBe(resolved)
  })
})

describe('splitAnnotation', () => {
  it.each([
    ['a.png [output]', 'a.png', 'output'],
    ['a.png [input]', 'a.png', 'input'],
    ['a.png[temp]', 'a.pn', 'temp'],
    ['a.png [models]', 'a.png [models]', undefined],
    ['[input]', '', 'input'],
  ])('splits %j', (text, name, folder) => {
    expect(splitAnnotation(text)).toEqual({ name, folder })
  })
})

describe('splitPath', () => {
  it('splits folder and name', () => {
    expect(splitPath('a/b/c.png')).toEqual({ subfolder: 'a/b', name: 'c.png' })
    expect(splitPath('c.png')).toEqual({ subfolder: '', name: 'c.png' })
  })
})
