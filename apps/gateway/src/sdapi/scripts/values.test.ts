import { describe, expect, it } from 'vitest'
import { isTruthy, takeChoice, takeInteger, takeNumber, takeText, takeTexts } from './values.ts'

describe('an argument of a script', () => {
  // bool(value) in Python.
  it.each([
    [null, false],
    [false, false],
    ['', false],
    [0n, false],
    [0, false],
    [[], false],
    [new Map(), false],
    [true, true],
    ['False', true],
    [' ', true],
    [-1n, true],
    [0.5, true],
    [NaN, true],
    [[false], true],
    [new Map([['a', null]]), true],
  ])('%s is taken for %s', (value, expected) => {
    expect(isTruthy(value)).toBe(expected)
  })

  it('that is a number lies between its limits', () => {
    expect(takeNumber(2n, 'loops', [1, 3])).toBe(2)
    expect(takeNumber(1, 'loops', [1, 3])).toBe(1)
    expect(() => takeNumber(3.5, 'loops', [1, 3])).toThrow('loops must be between 1 and 3, got 3.5')
  })

  it.each([
    ['2', 'str'],
    [null, 'NoneType'],
    [true, 'bool'],
    [[1n], 'list'],
    [undefined, 'nothing'],
  ])('that is to be a number is not %s', (value, name) => {
    expect(() => takeNumber(value, 'loops', [1, 3])).toThrow(`loops must be a number, got ${name}`)
  })

  it('that is a whole number loses its fraction, towards zero', () => {
    expect(takeInteger(2.9, 'pixels', [0, 8])).toBe(2)
    expect(takeInteger(-0.5, 'pixels', [-8, 8])).toBe(-0)
  })

  it('that is a choice may be its name or its number', () => {
    const choices = ['fill', 'original']
    expect(takeChoice('original', 'fill', choices)).toBe(1)
    expect(takeChoice(0n, 'fill', choices)).toBe(0)
    expect(() => takeChoice('other', 'fill', choices)).toThrow('fill must be a number, got str')
    expect(() => takeChoice(2n, 'fill', choices)).toThrow('fill must be between 0 and 1, got 2')
  })

  it('that is a text, or texts, is nothing else', () => {
    expect(takeText('', 'text')).toBe('')
    expect(() => takeText(1n, 'text')).toThrow('text must be a text, got int')
    expect(takeTexts('left', 'direction')).toEqual(['left'])
    expect(takeTexts(['left', 'up'], 'direction')).toEqual(['left', 'up'])
    expect(() => takeTexts(['left', 1n], 'direction')).toThrow('direction must be a list of texts, got list')
  })
})
