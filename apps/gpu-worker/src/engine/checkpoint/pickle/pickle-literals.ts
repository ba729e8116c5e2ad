import { CheckpointError } from '../checkpoint-error.ts'
import type { PickleBytes } from './pickle-bytes.ts'
import type { PickleValue } from './pickle-value.ts'

/** Numbers of more bytes occur in no checkpoint. */
const MAX_INTEGER_BYTES = 64

/** Reads the value that follows an operation's code. */
type Literal = (bytes: PickleBytes, path: string) => PickleValue

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Operations that push a value given by the bytes after them alone, by code. */
export const LITERALS: Readonly<Record<number, Literal>> = {
  0x4e: () => null, // NONE
  0x88: () => true, // NEWTRUE
  0x89: () => false, // NEWFALSE
  0x4a: (bytes) => bytes.take(4).readInt32LE(), // BININT
  0x4b: (bytes) => bytes.takeByte(), // BININT1
  0x4d: (bytes) => bytes.take(2).readUInt16LE(), // BININT2
  0x8a: (bytes, path) => takeInteger(bytes, bytes.takeByte(), path), // LONG1
  0x8b: (bytes, path) => takeInteger(bytes, bytes.take(4).readInt32LE(), path), // LONG4
  0x47: (bytes) => bytes.take(8).readDoubleBE(), // BINFLOAT
  0x55: (bytes) => bytes.take(bytes.takeByte()).toString('latin1'), // SHORT_BINSTRING
  0x54: (bytes) => bytes.take(bytes.take(4).readUInt32LE()).toString('latin1'), // BINSTRING
  0x8c: (bytes, path) => takeText(bytes, bytes.takeByte(), path), // SHORT_BINUNICODE
  0x58: (bytes, path) => takeText(bytes, bytes.take(4).readUInt32LE(), path), // BINUNICODE
  0x8d: (bytes, path) => takeText(bytes, Number(bytes.take(8).readBigUInt64LE()), path), // BINUNICODE8
  0x43: (bytes) => Uint8Array.from(bytes.take(bytes.takeByte())), // SHORT_BINBYTES
  0x42: (bytes) => Uint8Array.from(bytes.take(bytes.take(4).readUInt32LE())), // BINBYTES
  0x8e: (bytes) => Uint8Array.from(bytes.take(Number(bytes.take(8).readBigUInt64LE()))), // BINBYTES8
}

/** Little-endian two's complement; a number where it is exact. */
function takeInteger(bytes: PickleBytes, length: number, path: string): number | bigint {
  if (length < 0 || length > MAX_INTEGER_BYTES) {
    const reason = `its pickle has an integer of ${length} bytes, at most ${MAX_INTEGER_BYTES}`
    throw new CheckpointError('over-limit', path, reason)
  }
  if (length === 0) return 0
  const digits = Buffer.from(bytes.take(length)).reverse().toString('hex')
  const value = BigInt.asIntN(length * 8, BigInt(`0x${digits}`))
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function takeText(bytes: PickleBytes, length: number, path: string): string {
  const taken = bytes.take(length)
  try {
    return utf8.decode(taken)
  } catch (cause) {
    throw new CheckpointError('malformed', path, 'its pickle has a text that is no UTF-8', { cause })
  }
}
