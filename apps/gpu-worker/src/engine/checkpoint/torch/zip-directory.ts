import { CheckpointError } from '../checkpoint-error.ts'
import { readExactly, type OpenFile } from '../read-bytes.ts'

// Names and numbers: PKWARE's APPNOTE. Only what PyTorch writes is read: stored entries, one part, with or without zip64.

const LOCAL_SIGNATURE = 0x04034b50
const CENTRAL_SIGNATURE = 0x02014b50
const END_SIGNATURE = 0x06054b50
const END64_SIGNATURE = 0x06064b50
const LOCATOR64_SIGNATURE = 0x07064b50
/** The end record: 22 bytes and a comment of at most 65,535. */
const MAX_END_BYTES = 22 + 65_535
/** A checkpoint has an entry a tensor and a few more. */
const MAX_ENTRIES = 200_000
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
const IS_ENCRYPTED = 1

/** One entry whose bytes lie in the archive as they are. */
export interface ZipEntry {
  readonly name: string
  /** Absolute position of its bytes in the file. */
  readonly offset: number
  readonly byteLength: number
}

interface CentralEntry {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly compressedBytes: number
  readonly byteLength: number
  readonly headerOffset: number
}

/**
 * Lists an archive's entries.
 * @throws CheckpointError when the archive is cut off, or has entries that are compressed, encrypted or named twice
 */
export function readZipDirectory(file: OpenFile): ReadonlyMap<string, ZipEntry> {
  const { offset, byteLength, count } = findDirectory(file)
  if (count > MAX_ENTRIES || byteLength > MAX_DIRECTORY_BYTES) {
    const reason = `its archive lists ${count} entries in ${byteLength} bytes, at most ${MAX_ENTRIES}`
    throw new CheckpointError('over-limit', file.path, reason)
  }
  const directory = readExactly(file, offset, byteLength)
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let index = 0; index < count; index += 1) {
    const { entry, next } = parseCentralEntry(directory, at, file.path)
    if (entries.has(entry.name)) throw malformed(file.path, `names the entry ${entry.name} twice`)
    entries.set(entry.name, placeEntry(file, entry))
    at = next
  }
  return entries
}

function malformed(path: string, problem: string): CheckpointError {
  return new CheckpointError('malformed', path, `its archive ${problem}`)
}

function findDirectory(file: OpenFile): { offset: number; byteLength: number; count: number } {
  const tailBytes = Math.min(MAX_END_BYTES, file.sizeBytes)
  const tail = readExactly(file, file.sizeBytes - tailBytes, tailBytes)
  for (let at = tailBytes - 22; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE || at + 22 + tail.readUInt16LE(at + 20) !== tailBytes)
      continue
    const wide = readWideEnd(file, file.sizeBytes - tailBytes + at)
    if (wide !== undefined) return wide
    return {
      count: tail.readUInt16LE(at + 10),
      byteLength: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    }
  }
  throw malformed(file.path, 'has no end: the file is cut off')
}

/** The zip64 record that a locator right before the end record points to, where there is one. */
function readWideEnd(
  file: OpenFile,
  endOffset: number,
): { offset: number; byteLength: number; count: number } | undefined {
  if (endOffset < 20) return undefined
  const locator = readExactly(file, endOffset - 20, 20)
  if (locator.readUInt32LE(0) !== LOCATOR64_SIGNATURE) return undefined
  const record = readExactly(file, toNumber(locator, 8, file.path), 56)
  if (record.readUInt32LE(0) !== END64_SIGNATURE) throw malformed(file.path, 'has no end record')
  return {
    count: toNumber(record, 32, file.path),
    byteLength: toNumber(record, 40, file.path),
    offset: toNumber(record, 48, file.path),
  }
}

function toNumber(bytes: Buffer, at: number, path: string): number {
  const value = bytes.readBigUInt64LE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(path, `points to byte ${value}`)
  return Number(value)
}

function parseCentralEntry(bytes: Buffer, at: number, path: string): { entry: CentralEntry; next: number } {
  if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== CENTRAL_SIGNATURE)
    throw malformed(path, 'lists fewer entries than it says')
  const nameEnd = at + 46 + bytes.readUInt16LE(at + 28)
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30)
  const next = extraEnd + bytes.readUInt16LE(at + 32)
  if (next > bytes.length) throw malformed(path, 'lists an entry that is cut off')
  const narrow = {
    byteLength: bytes.readUInt32LE(at + 24),
    compressedBytes: bytes.readUInt32LE(at + 20),
    headerOffset: bytes.readUInt32LE(at + 42),
  }
  const entry = {
    name: bytes.toString('utf8', at + 46, nameEnd),
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    ...widen(narrow, bytes.subarray(nameEnd, extraEnd), path),
  }
  return { entry, next }
}

/** Values of all ones stand in the zip64 field (kind 1) instead, in this order. */
function widen<T extends { byteLength: number; compressedBytes: number; headerOffset: number }>(
  narrow: T,
  extra: Buffer,
  path: string,
): T {
  const wide = { ...narrow }
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let value = at + 4
    for (const key of ['byteLength', 'compressedBytes', 'headerOffset'] as const) {
      if (narrow[key] !== 0xffffffff) continue
      if (value + 8 > extra.length) throw malformed(path, 'has a zip64 field that is cut off')
      wide[key] = toNumber(extra, value, path)
      value += 8
    }
    return wide
  }
  return wide
}

function placeEntry(file: OpenFile, entry: CentralEntry): ZipEntry {
  const { name, flags, method, compressedBytes, byteLength, headerOffset } = entry
  if (method !== 0 || (flags & IS_ENCRYPTED) !== 0 || compressedBytes !== byteLength) {
    const reason = `its entry ${name.slice(0, 80)} is compressed or encrypted; weights are used in place, uncompressed`
    throw new CheckpointError('refused', file.path, reason)
  }
  if (name.startsWith('/') || name.split(/[/\\]/).includes('..'))
    throw new CheckpointError('refused', file.path, `its entry ${name.slice(0, 80)} leads out of the archive`)
  const header = readExactly(file, headerOffset, 30)
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw malformed(file.path, `has no entry ${name.slice(0, 80)} where it says`)
  const nameBytes = header.readUInt16LE(26)
  if (readExactly(file, headerOffset + 30, nameBytes).toString('utf8') !== name)
    throw malformed(file.path, `calls the entry ${name.slice(0, 80)} something else where it lies`)
  const offset = headerOffset + 30 + nameBytes + header.readUInt16LE(28)
  if (offset + byteLength > file.sizeBytes)
    throw malformed(file.path, `is cut off inside the entry ${name.slice(0, 80)}`)
  return { name, offset, byteLength }
}
