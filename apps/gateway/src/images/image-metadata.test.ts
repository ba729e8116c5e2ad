import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { createPngChunk, PNG_SIGNATURE } from '@atelier/catalog/png'
import { describe, expect, it } from 'vitest'
import { readImageInfotext } from '../sdapi/infotext/read-image-infotext.ts'
import { readUserComment } from './exif-comment.ts'
import { readImageMetadata } from './image-metadata.ts'
import { readPngTexts } from './read-png-texts.ts'

interface InfoRow {
  readonly id: string
  readonly image: string
  readonly info: string
  readonly items: readonly [string, string | number][]
}

// Pictures sent to png-info of A1111 v1.10.1 and what it answered.
const rows = readFileSync(new URL('__fixtures__/png-info.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as InfoRow)
const facts = {
  width: 8,
  height: 8,
  resolveSampler: (alias: string) => (alias === 'k_euler_ancestral' ? 'Euler a' : undefined),
}

function createPng(...chunks: readonly (readonly [string, Buffer | string])[]): Uint8Array {
  const parts = chunks.map(([type, content]) =>
    createPngChunk(type, typeof content === 'string' ? Buffer.from(content, 'latin1') : content),
  )
  return Buffer.concat([PNG_SIGNATURE, ...parts])
}

describe('readImageInfotext', () => {
  it.each(rows)('reads $id as A1111 does', ({ image, info, items }) => {
    const read = readImageInfotext(Buffer.from(image, 'base64'), facts)
    expect(read.infotext).toBe(info)
    expect([...read.items]).toEqual(items)
  })

  it('falls back to the plain text where NovelAI metadata is broken', () => {
    const png = createPng(['tEXt', 'Software\0NovelAI'], ['tEXt', 'Comment\0{'], ['tEXt', 'parameters\0x'])
    expect(readImageInfotext(png, facts).infotext).toBe('x')
  })
})

describe('readPngTexts', () => {
  it('reads plain, compressed and international texts', () => {
    const compressed = deflateSync(Buffer.from('long', 'latin1'))
    const international = deflateSync(Buffer.from('猫', 'utf8'))
    const png = createPng(
      ['tEXt', 'a\0caf\xe9'],
      ['zTXt', Buffer.concat([Buffer.from('b\0\0'), compressed])],
      ['iTXt', Buffer.concat([Buffer.from('c\0\x01\0de\0key\0'), international])],
      ['iTXt', Buffer.from('d\0\0\0\0\0☃', 'utf8')],
    )
    expect([...readPngTexts(png)]).toEqual([
      ['a', 'café'],
      ['b', 'long'],
      ['c', '猫'],
      ['d', '☃'],
    ])
  })

  it('lets the last of equal keywords count', () => {
    expect(readPngTexts(createPng(['tEXt', 'a\x001'], ['tEXt', 'a\x002'])).get('a')).toBe('2')
  })

  it('passes over what it cannot read', () => {
    const bomb = deflateSync(Buffer.alloc(2 * 1024 * 1024))
    const png = createPng(
      ['tEXt', '\0no keyword'],
      ['zTXt', Buffer.from('broken\0\0not zlib')],
      ['zTXt', Buffer.concat([Buffer.from('bomb\0\0'), bomb])],
      ['iTXt', Buffer.from([0x61, 0, 0, 0, 0, 0, 0xff, 0xfe])],
      ['tEXt', 'good\0x'],
    )
    expect([...readPngTexts(png)]).toEqual([['good', 'x']])
  })

  it('stops at a cut file and reads nothing from other files', () => {
    const png = createPng(['tEXt', 'a\x001'], ['tEXt', 'b\x002'])
    expect([...readPngTexts(png.subarray(0, -3)).keys()]).toEqual(['a'])
    expect(readPngTexts(Buffer.from('no picture')).size).toBe(0)
  })
})

describe('readUserComment', () => {
  const jpeg = rows.find(({ id }) => id === 'pnginfo-jpg-exif')!
  const bytes = Buffer.from(jpeg.image, 'base64')

  it('survives a file cut anywhere', () => {
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => readUserComment(bytes.subarray(0, length))).not.toThrow()
    }
  })

  it('survives any byte of its block being another', () => {
    for (let at = 0; at < 60; at++) {
      const broken = Buffer.from(bytes)
      broken[at] = 0xff - (broken[at] ?? 0)
      expect(() => readUserComment(broken)).not.toThrow()
    }
  })

  it('reads the block of a PNG file', () => {
    const start = bytes.indexOf('MM\0*', 0, 'latin1')
    const png = createPng(['eXIf', bytes.subarray(start, start + 400)])
    expect(readUserComment(png)).toContain('a cat')
  })
})

describe('readImageMetadata', () => {
  it('lists the facts Pillow lists', () => {
    const header = Buffer.alloc(13)
    header[12] = 1
    const gamma = Buffer.from([0, 0, 0xb1, 0x8f])
    const { items } = readImageMetadata(createPng(['IHDR', header], ['gAMA', gamma], ['sRGB', Buffer.of(2)]))
    expect([...items]).toEqual([
      ['interlace', 1],
      ['gamma', 0.45455],
      ['srgb', 2],
    ])
  })

  it('lists the comment of a JPEG', () => {
    const jpeg = Buffer.from('ffd8fffe000668692121ffd9', 'hex')
    expect(readImageMetadata(jpeg)).toEqual({ items: new Map([['comment', 'hi!!']]), comment: 'hi!!' })
  })

  it('reads the comment of a GIF', () => {
    const gif = Buffer.concat([
      Buffer.from('GIF89a......', 'latin1'),
      Buffer.of(0x21, 0xfe, 2),
      Buffer.from('hi'),
      Buffer.of(0),
    ])
    const items = new Map([
      ['version', 'GIF89a'],
      ['comment', 'hi'],
    ])
    expect(readImageMetadata(gif)).toEqual({ items, comment: 'hi' })
  })

  it('reads nothing from bytes that are no picture', () => {
    expect(readImageMetadata(new Uint8Array())).toEqual({ items: new Map(), comment: undefined })
    expect(readImageMetadata(Buffer.from('RIFF'))).toEqual({ items: new Map(), comment: undefined })
  })
})
