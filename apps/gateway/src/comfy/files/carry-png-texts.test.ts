import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { readTextChunks, writeTextChunks } from './carry-png-texts.ts'

// Written by Pillow with the texts "prompt" and "workflow".
const withTexts = readFileSync(new URL('../__fixtures__/input/sub/inner.png', import.meta.url))

function contents(chunks: readonly Uint8Array[]): string[] {
  return chunks.map((chunk) => Buffer.from(chunk).subarray(8, -4).toString('latin1'))
}

describe('PNG texts', () => {
  it('reads them in file order', () => {
    expect(contents(readTextChunks(withTexts))).toEqual(['prompt\0{"1": {}}', 'workflow\0{"nodes": []}'])
  })

  it('puts them into another picture, which stays whole', async () => {
    const plain = await sharp({ create: { width: 3, height: 2, channels: 3, background: '#123456' } })
      .png()
      .toBuffer()
    const written = writeTextChunks(plain, readTextChunks(withTexts))
    expect(contents(readTextChunks(written))).toEqual(contents(readTextChunks(withTexts)))
    expect(await sharp(written).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer())
  })

  it.each([
    ['no PNG', Buffer.from('GIF89a')],
    ['an empty file', new Uint8Array()],
    ['a file cut off in a chunk', withTexts.subarray(0, 40)],
  ])('finds none in %s', (_what, bytes) => {
    expect(readTextChunks(bytes)).toEqual([])
  })

  it('does not carry a damaged chunk over', () => {
    const damaged = Buffer.from(withTexts)
    damaged[damaged.indexOf('workflow')] = 0x21
    expect(contents(readTextChunks(damaged))).toEqual(['prompt\0{"1": {}}'])
  })

  it('leaves what is no PNG alone', () => {
    expect(writeTextChunks(Buffer.from('x'), [])).toEqual(Buffer.from('x'))
  })
})
