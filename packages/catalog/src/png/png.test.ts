import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  createPngChunk,
  createPngTextChunk,
  isIntact,
  isPng,
  PNG_SIGNATURE,
  readPngChunks,
  rebuildPng,
} from './index.ts'

/** One grey pixel, as libpng writes it, with a resolution and a comment that are not needed. */
const RESOLUTION = createPngChunk('pHYs', Buffer.alloc(9))
const COMMENT = createPngTextChunk({ keyword: 'Comment', text: 'x' })
const PIXEL = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55', 'hex'),
  RESOLUTION,
  COMMENT,
  createPngChunk('IDAT', deflateSync(Buffer.alloc(2))),
  Buffer.from('0000000049454e44ae426082', 'hex'),
])
const typesOf = (png: Uint8Array) => [...readPngChunks(png)].map(({ type }) => type)

describe('readPngChunks', () => {
  it('finds the chunks in file order, whole and by content', () => {
    expect(typesOf(PIXEL)).toEqual(['IHDR', 'pHYs', 'tEXt', 'IDAT', 'IEND'])
    const [, , text] = readPngChunks(PIXEL)
    expect([text?.content.toString(), text?.bytes]).toEqual(['Comment\0x', COMMENT])
  })

  it('stops at a chunk that is cut off', () => {
    expect(typesOf(PIXEL.subarray(0, -1))).toEqual(['IHDR', 'pHYs', 'tEXt', 'IDAT'])
    expect(typesOf(PNG_SIGNATURE)).toEqual([])
  })

  it('finds none in other files', () => {
    for (const bytes of [Buffer.from('GIF89a'), new Uint8Array(), PIXEL.subarray(1)])
      expect([isPng(bytes), typesOf(bytes)]).toEqual([false, []])
  })
})

describe('createPngChunk', () => {
  it('writes the length, type and checksum that other programs write', () => {
    expect(createPngChunk('IEND', Buffer.alloc(0)).toString('hex')).toBe('0000000049454e44ae426082')
  })

  it('makes chunks that are intact until a byte of them changes', () => {
    const damaged = Buffer.from(PIXEL)
    damaged[damaged.indexOf('Comment')] = 0x21
    expect([...readPngChunks(PIXEL)].every(isIntact)).toBe(true)
    expect([...readPngChunks(damaged)].filter((chunk) => !isIntact(chunk)).map(({ type }) => type)).toEqual([
      'tEXt',
    ])
  })
})

describe('createPngTextChunk', () => {
  it('writes Latin-1 as tEXt and other letters as iTXt in UTF-8', () => {
    const read = (text: string) => {
      const file = Buffer.concat([PNG_SIGNATURE, createPngTextChunk({ keyword: 'k', text })])
      return [...readPngChunks(file)].map(({ type, content }) => [type, content.toString('hex')])
    }
    expect(read('caf\xe9')).toEqual([['tEXt', '6b00636166e9']])
    expect(read('猫')).toEqual([['iTXt', '6b0000000000e78cab']])
  })

  it.each(['', 'a'.repeat(80), 'with\nbreak', '猫'])('refuses the keyword %j', (keyword) => {
    expect(() => createPngTextChunk({ keyword, text: 'x' })).toThrow(RangeError)
  })
})

describe('rebuildPng', () => {
  it('keeps what the picture needs, and puts chunks right after the header', () => {
    expect(typesOf(rebuildPng(PIXEL))).toEqual(['IHDR', 'IDAT', 'IEND'])
    expect(typesOf(rebuildPng(PIXEL, [COMMENT]))).toEqual(['IHDR', 'tEXt', 'IDAT', 'IEND'])
  })
})

describe('a PNG file of very many chunks', () => {
  it('is read as far as the most that are read', () => {
    const chunk = createPngChunk('tEXt', Buffer.from('a\0b'))
    const file = Buffer.concat([PNG_SIGNATURE, ...Array.from({ length: 100_001 }, () => chunk)])
    expect([...readPngChunks(file)]).toHaveLength(100_000)
  })
})
