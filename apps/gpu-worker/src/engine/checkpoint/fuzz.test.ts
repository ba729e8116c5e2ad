import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CheckpointError } from './checkpoint-error.ts'
import { readWeightFile } from './read-weight-file.ts'
import { readTensorBytes } from './weight-file.ts'

const path = join(mkdtempSync(join(tmpdir(), 'fuzz-')), 'weights')
const read = (name: string) => readFileSync(new URL(`__fixtures__/${name}`, import.meta.url))

/** Reads whatever bytes: a file all of whose tensors can be read, or a refusal that names the file. */
function readOrRefuse(bytes: Uint8Array): void {
  writeFileSync(path, bytes)
  try {
    const file = readWeightFile(path)
    for (const entry of file.tensors.values()) {
      if (entry.strides === undefined)
        expect(entry.offset + entry.byteLength).toBeLessThanOrEqual(bytes.length)
      expect(readTensorBytes(file, entry).byteLength).toBe(entry.byteLength)
    }
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError)
    expect((error as CheckpointError).message).toContain(path)
  }
}

interface Mutation {
  readonly at: number
  readonly kind: 'set' | 'insert' | 'cut' | 'copy'
  readonly bytes: Uint8Array
}

/** Places are shares of the file, more of them near its ends, where headers and directories are. */
const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.001, 0.01, 0.99, 0.999)),
  kind: fc.constantFrom('set' as const, 'insert' as const, 'cut' as const, 'copy' as const),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc.constantFrom(Uint8Array.of(0xff, 0xff, 0xff, 0x7f), Uint8Array.of(0xff, 0xff, 0xff, 0xff)),
  ),
})

function mutate(source: Buffer, mutations: readonly Mutation[]): Buffer {
  return mutations.reduce((bytes, { at: share, kind, bytes: given }) => {
    const at = Math.floor(share * bytes.length)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    if (kind === 'insert') return Buffer.concat([before, given, after])
    if (kind === 'cut') return Buffer.concat([before, after.subarray(given.length)])
    if (kind === 'copy') return Buffer.concat([before, bytes.subarray(0, given.length * 16), after])
    return Buffer.concat([before, given, after.subarray(given.length)])
  }, source)
}

/** Pieces of pickles: operations alone, with small arguments, and names that are allowed. */
const piece = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((code) => Buffer.of(code)),
  fc.constantFrom(...'(.0129N)]}la2tesub RQ'.split('').map((code) => Buffer.from(code, 'latin1'))),
  fc.constantFrom(0x81, 0x85, 0x86, 0x87, 0x88, 0x93, 0x94).map((code) => Buffer.of(code)),
  fc.tuple(fc.constantFrom(0x4b, 0x68, 0x71), fc.nat(9)).map((bytes) => Buffer.from(bytes)),
  fc
    .string({ maxLength: 6 })
    .map((text) => Buffer.concat([Buffer.of(0x8c, Buffer.byteLength(text)), Buffer.from(text)])),
  fc
    .constantFrom(
      'ccollections\nOrderedDict\n',
      'ctorch._utils\n_rebuild_tensor_v2\n',
      'ctorch\nFloatStorage\n',
      'ctorch.nn.modules.container\nParameterDict\n',
      'cos\nsystem\n',
    )
    .map((text) => Buffer.from(text)),
)

describe('readWeightFile, whatever the bytes', () => {
  it.each([
    ['an archive of PyTorch', 'pickles/good/nested.ckpt'],
    ['a small archive of PyTorch', 'pickles/good/shared_storage.pt'],
    ['a file of PyTorch before 1.6', 'pickles/good/shared_storage_legacy.pt'],
    ['a pickle of protocol 4', 'pickles/good/legacy_protocol4.pt'],
    ['a safetensors file', 'safetensors_malformed/good_metadata.safetensors'],
  ])('reads or refuses %s with parts changed, added or missing', (_, name) => {
    const source = read(name)
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(mutations, (given) => readOrRefuse(mutate(source, given))),
      { numRuns: 150 },
    )
  })

  it('reads or refuses an archive whose pickle is any sequence of operations', () => {
    // The pickle's place in this archive is known: it begins with PROTO after the entry's padded name.
    const source = read('pickles/good/parameters.pt')
    const start = source.indexOf(Buffer.of(0x80, 0x02))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const pickle = Buffer.concat([Buffer.of(0x80, 2), ...pieces, Buffer.from('.')])
        const bytes = Buffer.from(source)
        pickle.subarray(0, 300).copy(bytes, start)
        readOrRefuse(bytes)
      }),
      { numRuns: 400 },
    )
  })

  it('reads or refuses a legacy file whose object is any sequence of operations', () => {
    const source = read('pickles/good/shared_storage_legacy.pt')
    // Magic number, protocol and machine are the first three pickles.
    const start = source.indexOf(Buffer.of(0x80, 0x02), source.indexOf('little_endian'))
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const pickle = Buffer.concat([Buffer.of(0x80, 2), ...pieces, Buffer.from('.')])
        readOrRefuse(Buffer.concat([source.subarray(0, start), pickle, source.subarray(start)]))
      }),
      { numRuns: 400 },
    )
  })
})
