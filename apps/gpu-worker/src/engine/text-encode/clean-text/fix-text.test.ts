import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cleanBasic } from './basic-clean.ts'
import { fixEncoding } from './fix-encoding.ts'
import { fixText } from './fix-text.ts'
import { decodeAllReferences, decodeClearReferences } from './html-entities.ts'
import { collapseSpaces, stripPython } from './python-text.ts'
import { candidateEncodings, encodeSingleByte, windows1252 } from './single-byte-encodings.ts'

// [text, what ftfy 6.3.1 makes of it]: everyday texts in several scripts, cut, mixed and misread up to twice in ten code pages.
const repaired = readFileSync(new URL('__fixtures__/ftfy.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as [string, string])

describe('fixText', () => {
  it('repairs what ftfy repairs, and in the same way', () => {
    expect(repaired.length).toBeGreaterThan(200)
    expect(repaired.filter(([text, fixed]) => fixText(text) !== fixed)).toEqual([])
  })

  it.each([
    ['âœ” No problems', '✔ No problems'],
    ['Ã la mode', 'à la mode'],
    ['&lt;b&gt;', '<b>'],
    ['ＬＯＵＤ　ＮＯＩＳＥＳ', 'LOUD NOISES'],
    ['“quotes” and ‘quotes’', '"quotes" and \'quotes\''],
    ['a\r\nb\rc\u2028d', 'a\nb\nc\nd'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\ud83d and \ude00', '\ufffd and \ufffd'],
  ])('turns %j into %j', (text, fixed) => {
    expect(fixText(text)).toBe(fixed)
  })

  it('leaves references alone from the first line with "<" on', () => {
    expect(fixText('&amp;\n<p>&amp;\n&amp;')).toBe('&\n<p>&amp;\n&amp;')
  })

  it('leaves honest accents alone', () => {
    for (const text of ['naïve façade', 'Łódź', 'ÀÉÎÕÜ', 'x²+y²', '£5', 'Ångström'])
      expect(fixText(text)).toBe(text)
  })
})

describe('fixEncoding', () => {
  it('undoes two layers of misreading', () => {
    const once = Buffer.from('é', 'utf8').toString('latin1')
    const twice = Buffer.from(once, 'utf8').toString('latin1')
    expect(fixEncoding(twice)).toBe('é')
  })

  it('joins surrogates that were encoded one by one', () => {
    expect(fixEncoding('\xed\xa0\xbd\xed\xb8\x8d\x80'.slice(0, 6))).toBe('😍')
  })
})

describe('references', () => {
  it('decodes only those with a semicolon when they must be clear', () => {
    expect(decodeClearReferences('&copy &copy; &COPY; &NTILDE; &nTILDE; &#39; &#xe9; &#zz;')).toBe(
      "&copy © © Ñ &nTILDE; ' é &#zz;",
    )
  })

  it('decodes old names without semicolon when all count', () => {
    expect(decodeAllReferences('&copy2 &notit &#233x &nosuch;')).toBe('©2 ¬it éx &nosuch;')
  })

  it.each([
    ['&#0;', '\ufffd'],
    ['&#128;', '€'],
    ['&#1;', ''],
    ['&#xD800;', '\ufffd'],
    ['&#x110000;', '\ufffd'],
    ['&#xFFFF;', ''],
  ])('reads %s as %j', (reference, character) => {
    expect(decodeClearReferences(reference)).toBe(character)
  })
})

describe('code pages', () => {
  it('fills the holes of Windows-1252 and keeps its quotes', () => {
    expect(windows1252.characters[0x80]).toBe('€')
    expect(windows1252.characters[0x81]).toBe('\u0081')
    expect(windows1252.characters[0x1a]).toBe('\ufffd')
  })

  it('have 256 different characters each', () => {
    for (const { name, characters } of candidateEncodings) expect(new Set(characters).size, name).toBe(256)
  })

  it('refuse a text with a character they do not have', () => {
    expect(encodeSingleByte('猫', windows1252)).toBeUndefined()
    expect(encodeSingleByte('€a', windows1252)).toBe('\x80a')
  })
})

describe('cleanBasic', () => {
  it('drops invisible characters, sets ideographs apart and lowers', () => {
    expect(cleanBasic('A\u00adB\u200bC  黒猫\u0000\ufffd CAT')).toBe('abc 黒 猫 cat')
  })

  it('drops what Unicode 14 had not assigned', () => {
    expect(cleanBasic('a\u{1fae8}b')).toBe('ab')
  })
})

describe("Python's white space", () => {
  it('counts the separators 1C to 1F and not the byte order mark', () => {
    expect(stripPython('\x1c\x85 a \ufeff')).toBe('a \ufeff')
    expect(collapseSpaces(' a \u3000\n b ')).toBe('a b')
  })
})
