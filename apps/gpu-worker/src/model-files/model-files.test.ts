import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { unpackTinyCheckpoint } from '../engine/test-kit.ts'
import { describeFile } from './describe-file.ts'
import { listModelFiles } from './list-files.ts'

const pickles = new URL('../engine/checkpoint/__fixtures__/pickles/', import.meta.url)
const embeddings = new URL('../engine/text-encode/__fixtures__/embeddings/', import.meta.url)

/** A models folder with the files given, by the path below it. */
function makeFolder(files: Readonly<Record<string, URL | string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'models-'))
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    copyFileSync(source, join(root, name))
  }
  return root
}

const list = (root: string) => listModelFiles({ roots: [root], checkpointFolders: [] })
const describeAll = (root: string) => list(root).map(describeFile)

describe('listModelFiles and describeFile', () => {
  it('describe a checkpoint by its content', () => {
    const root = makeFolder({ 'Stable-diffusion/a.safetensors': unpackTinyCheckpoint() })
    expect(describeAll(root)).toMatchObject([
      { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', unusableReason: '' },
    ])
  })

  it('say why a pickle that names code cannot be used', () => {
    const root = makeFolder({ 'checkpoints/a.ckpt': new URL('hostile/os_system.zip.pt', pickles) })
    const [file] = describeAll(root)
    expect(file?.unusableReason).toContain('os.system')
  })

  it('say what a readable file lacks', () => {
    const root = makeFolder({ 'VAE/a.vae.pt': new URL('good/flat.pth', pickles) })
    expect(describeAll(root)[0]?.unusableReason).not.toBe('')
  })

  it('list embeddings of every file form with their width and vectors', () => {
    const root = makeFolder({
      'embeddings/tinystyle.pt': new URL('tinystyle.pt', embeddings),
      'embeddings/concept.bin': new URL('concept.bin', embeddings),
      'embeddings/hidden.webp': new URL('pixels.webp', embeddings),
      'embeddings/sub/xlstyle.safetensors': new URL('xlstyle.safetensors', embeddings),
    })
    expect(describeAll(root)).toMatchObject([
      { name: 'concept.bin', embeddingVectors: 1, embeddingWidth: 64 },
      { name: 'hidden.webp', embeddingVectors: 2, embeddingWidth: 64, metadata: { name: 'pixelstyle' } },
      { name: 'sub/xlstyle.safetensors', embeddingVectors: 2, embeddingWidth: 128 },
      { name: 'tinystyle.pt', embeddingVectors: 3, embeddingWidth: 64, metadata: { step: '500' } },
    ])
  })

  it('pass over links that lead back to themselves or to nothing', () => {
    const root = makeFolder({ 'Stable-diffusion/a.safetensors': unpackTinyCheckpoint() })
    const folder = join(root, 'Stable-diffusion')
    for (const [target, name] of [
      ['circle', 'circle'],
      ['b.safetensors', 'b.safetensors'],
      ['gone', 'c.safetensors'],
    ] as const)
      symlinkSync(target, join(folder, name))
    expect(list(root).map(({ name }) => name)).toEqual(['a.safetensors'])
  })

  it('leave out pictures that only show what an embedding does', () => {
    const root = makeFolder({ 'embeddings/tinystyle.pt': new URL('tinystyle.pt', embeddings) })
    writeFileSync(join(root, 'embeddings/tinystyle.preview.png'), 'no picture')
    expect(list(root).map(({ name }) => name)).toEqual(['tinystyle.pt'])
  })

  it('give the file a link points to', () => {
    const target = unpackTinyCheckpoint()
    const root = makeFolder({})
    mkdirSync(join(root, 'checkpoints'))
    symlinkSync(target, join(root, 'checkpoints/linked.safetensors'))
    expect(list(root)).toMatchObject([{ name: 'linked.safetensors', path: target }])
  })
})
