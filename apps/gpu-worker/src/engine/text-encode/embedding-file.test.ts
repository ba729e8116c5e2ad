import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { completePng } from '../image/complete-png.ts'
import { readEmbeddingFile } from './embedding-file.ts'
import { NO_EMBEDDING } from './embedding-picture.ts'
import { EmbeddingError, readWebuiEmbedding } from './textual-inversion.ts'

const folder = new URL('__fixtures__/embeddings/', import.meta.url)
const open = (name: string) => readEmbeddingFile(new URL(name, folder).pathname)
const temporary = mkdtempSync(join(tmpdir(), 'embedding-'))

async function writePicture(
  name: string,
  texts: readonly { keyword: string; text: string }[],
): Promise<string> {
  const path = join(temporary, name)
  const pixels = { width: 8, height: 8, channels: 3 as const, background: 'red' }
  const png = await sharp({ create: pixels }).png().toBuffer()
  writeFileSync(path, completePng(png, { texts, compression: 6 }))
  return path
}

/** An embedding as A1111 encodes it into a picture. */
function encodeEmbedding(rows: readonly (readonly number[])[], extra: Record<string, unknown> = {}): string {
  const data = { string_to_token: { '*': 265 }, string_to_param: { '*': { TORCHTENSOR: rows } }, ...extra }
  return Buffer.from(JSON.stringify(data)).toString('base64')
}

describe('readEmbeddingFile', () => {
  // What Forge listed for these files: vectors, shape, step, checkpoint.
  it.each([
    ['concept.bin', 1, 64, undefined, undefined],
    ['embparams.safetensors', 2, 64, undefined, undefined],
    ['learned.safetensors', 2, 64, undefined, undefined],
    ['old-format.pt', 1, 64, '500', 'tiny'],
    ['paramdict.pt', 2, 64, '500', 'tiny'],
    ['tinystyle.pt', 3, 64, '500', 'tiny'],
  ])('reads %s as A1111 lists it', (...[name, vectorCount, width, step, checkpoint]) => {
    const { tensors, metadata } = open(name)
    expect(readWebuiEmbedding(tensors)).toMatchObject({ vectorCount, width })
    expect([metadata['step'], metadata['sd_checkpoint_name']]).toEqual([step, checkpoint])
  })

  it('reads the embedding that a picture carries', async () => {
    const text = encodeEmbedding(
      [
        [1, 2.5],
        [-3, 0],
      ],
      { name: 'red', step: 12 },
    )
    const path = await writePicture('red.png', [{ keyword: 'sd-ti-embedding', text }])
    const { tensors, metadata } = readEmbeddingFile(path)
    const table = tensors.get('string_to_param.*')!
    expect([table.shape, [...table.data]]).toEqual([
      [2, 2],
      [1, 2.5, -3, 0],
    ])
    expect(metadata).toEqual({ name: 'red', step: '12' })
  })

  // Written by A1111's own function into a picture, which Pillow saved in both formats.
  it.each(['pixels.png', 'pixels.webp'])('reads the embedding hidden in the pixels of %s', (name) => {
    const { tensors, metadata } = open(name)
    const expected = JSON.parse(readFileSync(new URL('pixels.json', folder), 'utf8')) as number[]
    const table = tensors.get('string_to_param.*')!
    expect(table.shape).toEqual([2, 64])
    expect([...table.data]).toEqual(expected.map(Math.fround))
    expect(metadata).toMatchObject({ name: 'pixelstyle', step: '40', sd_checkpoint_name: 'tiny' })
  })

  it('refuses hidden data that was changed on its way', async () => {
    const path = join(temporary, 'blurred.png')
    await sharp(new URL('pixels.png', folder).pathname).modulate({ brightness: 1.02 }).png().toFile(path)
    expect(() => readEmbeddingFile(path)).toThrow(/pixels carry no embedding/)
  })

  it('tells a preview picture from an embedding', async () => {
    const path = await writePicture('preview.png', [{ keyword: 'parameters', text: 'a cat' }])
    expect(() => readEmbeddingFile(path)).toThrow(new EmbeddingError(NO_EMBEDDING))
  })

  it.each([
    ['text that is no JSON', Buffer.from('nothing').toString('base64')],
    ['rows of different lengths', encodeEmbedding([[1, 2], [3]])],
    ['rows of texts', encodeEmbedding([['1'] as unknown as number[]])],
    ['no rows', encodeEmbedding([])],
  ])('refuses a picture with %s', async (_, text) => {
    const path = await writePicture('bad.png', [{ keyword: 'sd-ti-embedding', text }])
    expect(() => readEmbeddingFile(path)).toThrow(EmbeddingError)
  })

  it('refuses a file that only has the name of a picture', () => {
    const path = join(temporary, 'text.png')
    writeFileSync(path, 'a cat')
    expect(() => readEmbeddingFile(path)).toThrow(expect.objectContaining({ fault: 'malformed' }))
  })
})
