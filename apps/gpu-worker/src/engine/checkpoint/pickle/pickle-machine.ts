import { CheckpointError } from '../checkpoint-error.ts'
import type { PickleBytes } from './pickle-bytes.ts'
import { LITERALS } from './pickle-literals.ts'
import { isKind, type PickleGlobal, type PickleHost, type PickleValue } from './pickle-value.ts'

// The machine of Python's pickletools, as far as PyTorch writes for it (protocols 2 to 5). It makes plain data; names
// get their meaning from the host, which knows a closed list of them. What is missing is refused, not skipped.

/** A checkpoint with optimizer states takes about 200,000. */
const MAX_OPERATIONS = 2_000_000

const STOP = 0x2e

/** Where a machine is: its stack, the stacks below open marks, and what was remembered. */
interface Machine {
  readonly path: string
  readonly host: PickleHost
  readonly bytes: PickleBytes
  readonly memo: Map<number, PickleValue>
  readonly marked: PickleValue[][]
  stack: PickleValue[]
}

type Operation = (machine: Machine) => void

/**
 * Runs one pickle and gives its value; the bytes are left behind it.
 * @throws CheckpointError `malformed`, `over-limit`, or `refused` naming what it wanted to call
 */
export function runPickle(bytes: PickleBytes, host: PickleHost, path: string): PickleValue {
  const machine: Machine = { path, host, bytes, memo: new Map(), marked: [], stack: [] }
  for (let count = 0; count < MAX_OPERATIONS; count += 1) {
    const code = bytes.takeByte()
    if (code === STOP) return pop(machine)
    const literal = LITERALS[code]
    if (literal !== undefined) machine.stack.push(literal(bytes, path))
    else (OPERATIONS[code] ?? refuseOperation(code))(machine)
  }
  throw new CheckpointError('over-limit', path, `its pickle takes more than ${MAX_OPERATIONS} operations`)
}

const OPERATIONS: Readonly<Record<number, Operation>> = {
  0x80: ({ bytes }) => void bytes.takeByte(), // PROTO
  0x95: ({ bytes }) => void bytes.take(8), // FRAME
  0x28: (machine) => {
    machine.marked.push(machine.stack)
    machine.stack = []
  }, // MARK
  0x30: (machine) => void pop(machine), // POP
  0x31: (machine) => void popMark(machine), // POP_MARK
  0x32: (machine) => void machine.stack.push(peek(machine)), // DUP
  0x29: ({ stack }) => void stack.push({ kind: 'tuple', items: [] }), // EMPTY_TUPLE
  0x85: (machine) => pushItems(machine, 'tuple', popCount(machine, 1)), // TUPLE1
  0x86: (machine) => pushItems(machine, 'tuple', popCount(machine, 2)), // TUPLE2
  0x87: (machine) => pushItems(machine, 'tuple', popCount(machine, 3)), // TUPLE3
  0x74: (machine) => pushItems(machine, 'tuple', popMark(machine)), // TUPLE
  0x5d: ({ stack }) => void stack.push({ kind: 'list', items: [] }), // EMPTY_LIST
  0x6c: (machine) => pushItems(machine, 'list', popMark(machine)), // LIST
  0x8f: ({ stack }) => void stack.push({ kind: 'set', items: [] }), // EMPTY_SET
  0x91: (machine) => pushItems(machine, 'set', popMark(machine)), // FROZENSET
  0x7d: ({ stack }) => void stack.push({ kind: 'dict', entries: new Map() }), // EMPTY_DICT
  0x61: (machine) => append(machine, [pop(machine)]), // APPEND
  0x65: (machine) => append(machine, popMark(machine)), // APPENDS
  0x90: (machine) => append(machine, popMark(machine)), // ADDITEMS
  0x73: (machine) => setItems(machine, popCount(machine, 2)), // SETITEM
  0x75: (machine) => setItems(machine, popMark(machine)), // SETITEMS
  0x68: (machine) => recall(machine, machine.bytes.takeByte()), // BINGET
  0x6a: (machine) => recall(machine, machine.bytes.take(4).readUInt32LE()), // LONG_BINGET
  0x71: (machine) => void machine.memo.set(machine.bytes.takeByte(), peek(machine)), // BINPUT
  0x72: (machine) => void machine.memo.set(machine.bytes.take(4).readUInt32LE(), peek(machine)), // LONG_BINPUT
  0x94: (machine) => void machine.memo.set(machine.memo.size, peek(machine)), // MEMOIZE
  0x63: (machine) => pushGlobal(machine, machine.bytes.takeLine(), machine.bytes.takeLine()), // GLOBAL
  0x93: (machine) => {
    const [module, name] = popCount(machine, 2)
    if (typeof module !== 'string' || typeof name !== 'string')
      throw malformed(machine, 'names something without text')
    pushGlobal(machine, module, name)
  }, // STACK_GLOBAL
  0x52: call, // REDUCE
  0x81: call, // NEWOBJ
  0x62: build, // BUILD
  0x51: (machine) => void machine.stack.push(machine.host.load(pop(machine))), // BINPERSID
}

function refuseOperation(code: number): Operation {
  return ({ path }) => {
    const reason = `its pickle uses the operation 0x${code.toString(16)}, which PyTorch does not write`
    throw new CheckpointError('refused', path, reason)
  }
}

function malformed({ path, bytes }: Machine, problem: string): CheckpointError {
  return new CheckpointError('malformed', path, `its pickle ${problem}, at byte ${bytes.position}`)
}

function pop(machine: Machine): PickleValue {
  const value = machine.stack.pop()
  if (value === undefined) throw malformed(machine, 'takes a value from an empty stack')
  return value
}

function peek(machine: Machine): PickleValue {
  const value = machine.stack.at(-1)
  if (value === undefined) throw malformed(machine, 'looks at an empty stack')
  return value
}

function popCount(machine: Machine, count: number): PickleValue[] {
  if (machine.stack.length < count) throw malformed(machine, 'takes a value from an empty stack')
  return machine.stack.splice(-count)
}

function popMark(machine: Machine): PickleValue[] {
  const below = machine.marked.pop()
  if (below === undefined) throw malformed(machine, 'closes a group that was not opened')
  const items = machine.stack
  machine.stack = below
  return items
}

function pushItems(machine: Machine, kind: 'tuple' | 'list' | 'set', items: PickleValue[]): void {
  machine.stack.push({ kind, items })
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const target = peek(machine)
  if (!isKind(target, 'list') && !isKind(target, 'set'))
    throw malformed(machine, 'appends to what is no list')
  for (const item of items) target.items.push(item)
}

function setItems(machine: Machine, pairs: readonly PickleValue[]): void {
  const target = peek(machine)
  if (!isKind(target, 'dict')) throw malformed(machine, 'sets items of what is no dictionary')
  if (pairs.length % 2 === 1) throw malformed(machine, 'sets a name without a value')
  for (let i = 0; i < pairs.length; i += 2) target.entries.set(pairs[i]!, pairs[i + 1]!)
}

function recall(machine: Machine, index: number): void {
  const value = machine.memo.get(index)
  if (value === undefined) throw malformed(machine, `recalls value ${index}, which it did not remember`)
  machine.stack.push(value)
}

function pushGlobal(machine: Machine, module: string, name: string): void {
  const global: PickleGlobal = { kind: 'global', module, name }
  machine.host.checkGlobal(global)
  machine.stack.push(global)
}

function call(machine: Machine): void {
  const [callee, args] = popCount(machine, 2)
  if (!isKind(args, 'tuple')) throw malformed(machine, 'calls with what is no tuple')
  machine.stack.push(machine.host.call(callee!, args.items))
}

/** Attributes of dictionaries (`_metadata` of a state dict) say nothing about weights; inert objects keep theirs. */
function build(machine: Machine): void {
  const state = pop(machine)
  const target = peek(machine)
  if (isKind(target, 'inert')) target.state = state
  else if (!isKind(target, 'dict')) throw malformed(machine, 'sets attributes of what has none')
}
