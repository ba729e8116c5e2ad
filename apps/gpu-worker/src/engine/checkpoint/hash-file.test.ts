import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashContent, hashFile } from './hash-file.ts'

/** SHA-256 of "abc" (FIPS 180-2, appendix B.1). */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

function write(name: string, bytes: Buffer): string {
  const path = join(mkdtempSync(join(tmpdir(), 'hash-')), name)
  writeFileSync(path, bytes)
  return path
}

function withHeader(text: string, content: string): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, Buffer.from(text), Buffer.from(content)])
}

describe('hashes of files', () => {
  it('are those of all bytes', async () => {
    expect(await hashFile(write('a.pt', Buffer.from('abc')))).toBe(ABC)
  })

  it('begin where they are told to', async () => {
    expect(await hashFile(write('a.pt', Buffer.from('xyabc')), undefined, 2)).toBe(ABC)
  })

  it('end when they are stopped', async () => {
    const path = write('a.pt', Buffer.alloc(1 << 22))
    await expect(hashFile(path, AbortSignal.abort())).rejects.toThrow('abort')
  })
})

describe('hashes of LoRAs', () => {
  it('leave the header out, so that a file keeps its hash when its metadata change', async () => {
    const short = write('a.safetensors', withHeader('{}', 'abc'))
    const long = write('a.safetensors', withHeader('{"__metadata__":{"a":"b"}}', 'abc'))
    expect(await hashContent(short)).toBe(ABC)
    expect(await hashContent(long)).toBe(ABC)
  })

  it('are of the whole file where it has no such header', async () => {
    expect(await hashContent(write('a.pt', Buffer.from('abc')))).toBe(ABC)
  })
})
