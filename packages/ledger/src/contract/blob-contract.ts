import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toInputKey, toResultKey, type BlobStore } from '../blob-store.ts'

const bytesOf = (length: number, seed = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + seed) % 251)

/** Every store of blobs passes this suite. */
export function describeBlobStore(store: () => BlobStore): void {
  describe('blobs', () => {
    it('come back by their reference, which tells size, hash and type', async () => {
      const bytes = bytesOf(1000)
      const ref = await store().put(toResultKey('job', 1, 0), bytes, 'image/png')
      expect(ref).toEqual({
        key: 'results/job/1/0',
        sizeBytes: 1000,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        mediaType: 'image/png',
      })
      expect(new Uint8Array((await store().read(ref))!)).toEqual(bytes)
    })

    it.each([0, 1, 3_000_001])('of %i bytes come back whole', async (length) => {
      const ref = await store().put(`results/job/${length}/0`, bytesOf(length), 'image/png')
      expect(Buffer.compare((await store().read(ref))!, bytesOf(length))).toBe(0)
    })

    it('are gone when removed, and removing nothing is no error', async () => {
      const ref = await store().put('results/gone/1/0', bytesOf(10), 'image/png')
      await store().remove(ref.key)
      expect(await store().read(ref)).toBeUndefined()
      await store().remove(ref.key)
      await store().remove('results/never/1/0')
    })

    it('that were never stored are none', async () => {
      const ref = { key: 'results/none/1/0', sizeBytes: 1, sha256: '0'.repeat(64), mediaType: 'image/png' }
      expect(await store().read(ref)).toBeUndefined()
    })

    it('may be stored again', async () => {
      const hash = createHash('sha256').update(bytesOf(50)).digest('hex')
      const key = toInputKey('a', hash)
      const [first, second] = [
        await store().put(key, bytesOf(50), 'image/png'),
        await store().put(key, bytesOf(50), 'image/png'),
      ]
      expect(second).toEqual(first)
      expect(new Uint8Array((await store().read(second))!)).toEqual(bytesOf(50))
    })

    it('of any key stay apart from all others', async () => {
      const keys = [
        'inputs/a/../../x y',
        'inputs/a/x y',
        'inputs/../x y',
        'results/é 猫/1/0',
        'results/a%2Fb/1/0',
      ]
      const refs = []
      for (const [index, key] of keys.entries())
        refs.push(await store().put(key, bytesOf(20, index), 'image/png'))
      for (const [index, ref] of refs.entries())
        expect(new Uint8Array((await store().read(ref))!)).toEqual(bytesOf(20, index))
    })

    it('whose content is another than the reference says are damage, not a picture', async () => {
      const ref = await store().put('results/damaged/1/0', bytesOf(10), 'image/png')
      const lying = { ...ref, sha256: 'f'.repeat(64) }
      await expect(store().read(lying)).rejects.toMatchObject({ code: 'internal' })
    })
  })
}
