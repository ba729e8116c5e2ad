import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CheckpointError } from '../checkpoint-error.ts'
import { withOpenFile } from '../read-bytes.ts'
import { PickleBytes } from './pickle-bytes.ts'
import { runPickle } from './pickle-machine.ts'
import type { PickleHost, PickleValue } from './pickle-value.ts'

// pickle.dumps of CPython 3.11: what, protocol, bytes (base64), the value with its containers named.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/python-pickles.json', import.meta.url), 'utf8'),
) as Row[]

type Row = readonly [what: string, protocol: number, bytes: string, value: unknown]

const folder = { path: '' }
beforeAll(() => (folder.path = mkdtempSync(join(tmpdir(), 'atelier-pickle-'))))
afterAll(() => rmSync(folder.path, { recursive: true, force: true }))

/** Knows one harmless name and refuses all others, before anything is called. */
const HOST: PickleHost = {
  checkGlobal({ module, name }) {
    if (`${module}.${name}` !== 'collections.OrderedDict')
      throw new CheckpointError('refused', 'x', `${module}.${name}`)
  },
  call: (callee, args) => ({ kind: 'tuple', items: [callee, ...args] }),
  load: (id) => ({ kind: 'set', items: [id] }),
}

function run(bytes: Uint8Array, host = HOST): PickleValue {
  const path = join(folder.path, 'x.pkl')
  writeFileSync(path, bytes)
  return withOpenFile(path, (file) => runPickle(new PickleBytes(file, 0, bytes.length), host, path))
}

const text = (source: string) => Buffer.from(source, 'latin1')

/** A value in the words of the recording. */
function describeValue(value: PickleValue): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (value.kind === 'list' || value.kind === 'tuple') return { [value.kind]: value.items.map(describeValue) }
  if (value.kind === 'dict')
    return { dict: [...value.entries].map((pair) => pair.map((item) => describeValue(item))) }
  throw new Error(`unexpected ${value.kind}`)
}

/** The recording's value with floats as numbers. */
function toExpected(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toExpected)
  if (typeof value !== 'object' || value === null) return value
  if ('text' in value) return value.text === 'inf' ? Infinity : Number(value.text)
  if ('list' in value && value.list === 'range 1005')
    return { list: Array.from({ length: 1005 }, (_, i) => i) }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toExpected(item)]))
}

describe('runPickle', () => {
  it.each(recorded)('reads %s as Python wrote them (protocol %d)', (_what, _protocol, bytes, value) => {
    expect(describeValue(run(Buffer.from(bytes, 'base64')))).toEqual(toExpected(value))
  })

  it('gives what stands in two places once', () => {
    const row = recorded.find(([what]) => what.startsWith('a list that stands in two'))!
    const value = run(Buffer.from(row[2], 'base64')) as { items: PickleValue[] }
    expect(value.items[0]).toBe(value.items[1])
  })

  it('hands names, calls and outside references to its host and calls nothing itself', () => {
    // collections.OrderedDict() and a persistent id, in a tuple.
    const value = run(text('\x80\x02ccollections\nOrderedDict\n)R\x8c\x01kQ\x86.'))
    const name = { kind: 'global', module: 'collections', name: 'OrderedDict' }
    expect(value).toEqual({
      kind: 'tuple',
      items: [
        { kind: 'tuple', items: [name] },
        { kind: 'set', items: ['k'] },
      ],
    })
  })

  it.each([
    ['a call of the system', 'cos\nsystem\n(\x8c\x02lstR.', 'os.system'],
    ['a name from the stack', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93.', 'builtins.eval'],
  ])('refuses %s before its arguments are read', (_what, pickle, name) => {
    expect(() => run(text(pickle))).toThrow(
      expect.objectContaining({ fault: 'refused', reason: name }) as Error,
    )
  })

  it.each([
    ['INST', 'i'],
    ['OBJ', 'o'],
    ['EXT1', '\x82\x01'],
    ['NEWOBJ_EX', '\x92'],
    ['PERSID', 'Pid\n'],
    ['NEXT_BUFFER', '\x97'],
  ])('refuses the operation %s, which PyTorch does not write', (_name, code) => {
    const fault = {
      fault: 'refused',
      reason: expect.stringContaining('which PyTorch does not write') as string,
    }
    expect(() => run(text(`${code}.`))).toThrow(expect.objectContaining(fault) as Error)
  })

  it.each([
    ['nothing to stop with', '.', 'takes a value from an empty stack'],
    ['an end without a stop', 'N', 'its pickle ends at byte 1'],
    ['a mark that was not set', 't.', 'closes a group that was not opened'],
    ['a memory that was not made', 'h\x07.', 'recalls value 7'],
    ['an item for what is no list', 'NNa.', 'appends to what is no list'],
    ['an entry for what is no dictionary', ']NNs.', 'sets items of what is no dictionary'],
    ['a name without a value', '}(Nu.', 'sets a name without a value'],
    ['a call with a list', 'ccollections\nOrderedDict\n]R.', 'calls with what is no tuple'],
    ['a name that is no text', 'NN\x93.', 'names something without text'],
    ['attributes of a number', 'K\x01}b.', 'sets attributes of what has none'],
    ['a text that is no UTF-8', '\x8c\x01\xff.', 'a text that is no UTF-8'],
    ['a text longer than the file', 'X\xff\xff\xff\x7fabc.', 'inside a value of 2147483647 bytes'],
    ['a pair taken from one value', 'N\x86.', 'takes a value from an empty stack'],
  ])('says of %s what is wrong', (_what, pickle, reason) => {
    const fault = { fault: 'malformed', reason: expect.stringContaining(reason) as string }
    expect(() => run(text(pickle))).toThrow(expect.objectContaining(fault) as Error)
  })

  it('does not count for ever', () => {
    expect(() => run(Buffer.alloc(2_000_001, 'N'))).toThrow(
      expect.objectContaining({ fault: 'over-limit' }) as Error,
    )
  })

  it('refuses an integer of more bytes than any checkpoint has', () => {
    expect(() => run(text(`\x8a\x41${'\x01'.repeat(65)}.`))).toThrow(
      expect.objectContaining({ fault: 'over-limit' }) as Error,
    )
  })
})
