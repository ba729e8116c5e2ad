import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckpointError } from '../checkpoint-error.ts'
import { readExactly, withOpenFile } from '../read-bytes.ts'
import { readZipDirectory } from './zip-directory.ts'

// Written by zipfile of CPython 3.11 (base64).
const archives = JSON.parse(
  readFileSync(new URL('__fixtures__/python-archives.json', import.meta.url), 'utf8'),
) as Record<string, string>

const folder = { path: '' }
beforeAll(() => (folder.path = mkdtempSync(join(tmpdir(), 'atelier-zip-'))))
afterAll(() => rmSync(folder.path, { recursive: true, force: true }))

const toBytes = (name: string) => Buffer.from(archives[name]!, 'base64')

/** Entries with their bytes, as they lie in the file. */
function read(bytes: Uint8Array): [string, string][] {
  const path = join(folder.path, 'x.zip')
  writeFileSync(path, bytes)
  return withOpenFile(path, (file) =>
    [...readZipDirectory(file).values()].map(({ name, offset, byteLength }) => [
      name,
      readExactly(file, offset, byteLength).toString('hex'),
    ]),
  )
}

const fault = (kind: string, reason: string) =>
  expect.objectContaining({ fault: kind, reason: expect.stringContaining(reason) as string }) as Error

const ENTRIES = [
  ['archive/data.pkl', Buffer.from('pickle').toString('hex')],
  ['archive/data/0', Buffer.from(Array.from({ length: 64 }, (_, i) => i)).toString('hex')],
  ['archive/empty', ''],
  ['archive/é.txt', Buffer.from('ü').toString('hex')],
]
const END = Buffer.from('PK\x05\x06', 'latin1')

describe('readZipDirectory', () => {
  it.each(['plain', 'commented', 'zip64'] as const)(
    'finds the bytes of every entry of a %s archive',
    (name) => {
      expect(read(toBytes(name))).toEqual(ENTRIES)
    },
  )

  it('finds none in an empty archive', () => expect(read(toBytes('empty'))).toEqual([]))

  it('reads lengths and places that stand in the wide fields alone', () => {
    // The end record says nothing but that the wide one does (as torch writes beyond 4 GiB or 65,535 entries).
    const plain = toBytes('plain')
    const end = plain.lastIndexOf(END)
    const record = Buffer.alloc(56)
    record.writeUInt32LE(0x06064b50, 0)
    record.writeBigUInt64LE(44n, 4)
    record.writeBigUInt64LE(4n, 24)
    record.writeBigUInt64LE(4n, 32)
    record.writeBigUInt64LE(BigInt(plain.readUInt32LE(end + 12)), 40)
    record.writeBigUInt64LE(BigInt(plain.readUInt32LE(end + 16)), 48)
    const locator = Buffer.alloc(20)
    locator.writeUInt32LE(0x07064b50, 0)
    locator.writeBigUInt64LE(BigInt(end), 8)
    locator.writeUInt32LE(1, 16)
    const narrow = Buffer.concat([END, Buffer.alloc(4), Buffer.alloc(12, 0xff), Buffer.alloc(2)])
    expect(read(Buffer.concat([plain.subarray(0, end), record, locator, narrow]))).toEqual(ENTRIES)
  })

  it.each([
    ['deflated', 'refused', 'is compressed or encrypted'],
    ['twice', 'malformed', 'names the entry a twice'],
    ['climbing', 'refused', 'leads out of the archive'],
    ['absolute', 'refused', 'leads out of the archive'],
    ['backslashed', 'refused', 'leads out of the archive'],
  ] as const)('does not take one with %s entries', (name, kind, reason) => {
    expect(() => read(toBytes(name))).toThrow(fault(kind, reason))
  })

  it('does not take an entry that is called something else where it lies', () => {
    const bytes = toBytes('plain')
    bytes.write('X', bytes.indexOf('archive/data.pkl'))
    expect(() => read(bytes)).toThrow(fault('malformed', 'something else where it lies'))
  })

  it('does not take an encrypted entry', () => {
    const bytes = toBytes('plain')
    const central = bytes.indexOf(Buffer.from('PK\x01\x02', 'latin1'))
    bytes.writeUInt16LE(bytes.readUInt16LE(central + 8) | 1, central + 8)
    expect(() => read(bytes)).toThrow(fault('refused', 'compressed or encrypted'))
  })

  it('does not take more entries than there are, nor so many that reading them would not end', () => {
    const bytes = toBytes('plain')
    const end = bytes.lastIndexOf(END)
    bytes.writeUInt16LE(5, end + 10)
    expect(() => read(bytes)).toThrow(fault('malformed', 'lists fewer entries than it says'))
    bytes.writeUInt32LE(65 * 1024 * 1024, end + 12)
    expect(() => read(bytes)).toThrow(fault('over-limit', 'at most'))
  })

  it('says that a file that was cut off has no end, wherever it was cut', () => {
    const plain = toBytes('plain')
    for (let length = 0; length < plain.length; length += 7)
      expect(() => read(plain.subarray(0, length))).toThrow(fault('malformed', 'has no end'))
  })

  it('reads or refuses archives with any bytes changed, and nothing outside the file', () => {
    const plain = toBytes('zip64')
    const changes = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = Buffer.from(plain)
        for (const [at, value] of list) bytes[at] = value
        try {
          read(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
