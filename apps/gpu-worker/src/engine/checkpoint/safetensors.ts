import { CheckpointError } from './checkpoint-error.ts'
import { findRepeatedName } from './json-names.ts'
import { DTYPE_BITS, isDtype, type Dtype } from './dtype.ts'
import { readExactly, withOpenFile, type OpenFile } from './read-bytes.ts'
import { MAX_NAME_BYTES, MAX_RANK, MAX_TENSORS, type TensorEntry, type WeightFile } from './weight-file.ts'

// Format: 8 bytes little-endian length N, N bytes of JSON, tensor bytes. Rules: the format's specification, strict.

/** The reference implementation's cap on the header. */
const MAX_HEADER_BYTES = 100_000_000

/**
 * Reads the header of a `.safetensors` file and checks it against the file whole.
 * @throws CheckpointError with the reason
 */
export function readSafetensors(path: string): WeightFile {
  return withOpenFile(path, (file) => {
    const { sizeBytes } = file
    const header = readHeader(file)
    const start = 8 + header.byteLength
    const { tensors, metadata } = checkHeader(parseHeader(header, path), path)
    const entries = placeTensors(tensors, { start, sizeBytes, path })
    return { path, sizeBytes, tensors: entries, metadata }
  })
}

function readHeader(file: OpenFile): Uint8Array {
  const { path, sizeBytes } = file
  if (sizeBytes < 8)
    throw new CheckpointError('malformed', path, `it has ${sizeBytes} bytes, a header needs at least 8`)
  const promised = readExactly(file, 0, 8).readBigUInt64LE()
  if (promised > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      'over-limit',
      path,
      `it promises a header of ${promised} bytes, at most ${MAX_HEADER_BYTES}`,
    )
  }
  const length = Number(promised)
  if (8 + length > sizeBytes) {
    throw new CheckpointError(
      'malformed',
      path,
      `it promises a header of ${length} bytes but has ${sizeBytes} in all`,
    )
  }
  return readExactly(file, 8, length)
}

function parseHeader(bytes: Uint8Array, path: string): Record<string, unknown> {
  const malformed = (reason: string, cause?: unknown) =>
    new CheckpointError('malformed', path, reason, { cause })
  if (bytes[0] !== 0x7b) throw malformed('its header does not start with {')
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const header = JSON.parse(text) as Record<string, unknown>
    const repeated = findRepeatedName(text)
    if (repeated !== undefined) throw malformed(`its header names "${repeated}" twice`)
    return header
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause
    throw malformed(`its header is no UTF-8 JSON: ${(cause as Error).message}`, cause)
  }
}

interface DeclaredTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

function checkHeader(
  header: Record<string, unknown>,
  path: string,
): { tensors: DeclaredTensor[]; metadata: Record<string, string> } {
  const malformed = (reason: string) => new CheckpointError('malformed', path, reason)
  const { __metadata__: metadata, ...declared } = header
  if (metadata !== undefined && !isStringRecord(metadata))
    throw malformed('its __metadata__ is not a record of texts')
  const names = Object.keys(declared)
  if (names.length > MAX_TENSORS) {
    throw new CheckpointError(
      'over-limit',
      path,
      `it declares ${names.length} tensors, at most ${MAX_TENSORS}`,
    )
  }
  const tensors = names.map((name) => checkTensor(name, declared[name], path))
  return { tensors, metadata: { ...metadata } }
}

function checkTensor(name: string, declared: unknown, path: string): DeclaredTensor {
  const malformed = (reason: string) =>
    new CheckpointError('malformed', path, `tensor "${name.slice(0, 80)}" ${reason}`)
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw malformed(`has a name longer than ${MAX_NAME_BYTES} bytes`)
  if (typeof declared !== 'object' || declared === null) throw malformed('is not described by a record')
  const { dtype, shape, data_offsets: offsets, ...rest } = declared as Record<string, unknown>
  if (Object.keys(rest).length > 0) throw malformed(`has the unknown field "${Object.keys(rest)[0]}"`)
  if (!isDtype(dtype)) throw malformed(`has the unknown type ${JSON.stringify(dtype)}`)
  if (!isCountList(shape)) throw malformed('has no shape of whole numbers')
  if (shape.length > MAX_RANK) throw malformed(`has ${shape.length} dimensions, at most ${MAX_RANK}`)
  if (!isCountList(offsets) || offsets.length !== 2) throw malformed('has no pair of offsets')
  const [begin, end] = offsets as [number, number]
  const bits = shape.reduce((product, size) => product * BigInt(size), BigInt(DTYPE_BITS[dtype]))
  if (bits % 8n !== 0n) throw malformed(`of type ${dtype} does not fill whole bytes`)
  if (end < begin || BigInt(end - begin) !== bits / 8n)
    throw malformed(`lies at ${begin} to ${end} but needs ${bits / 8n} bytes`)
  return { name, dtype, shape, begin, end }
}

function placeTensors(
  tensors: readonly DeclaredTensor[],
  { start, sizeBytes, path }: { start: number; sizeBytes: number; path: string },
): Map<string, TensorEntry> {
  const ordered = [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let expected = 0
  for (const { name, begin, end } of ordered) {
    if (begin !== expected) {
      throw new CheckpointError(
        'malformed',
        path,
        `tensor "${name}" begins at ${begin}, the one before it ends at ${expected}`,
      )
    }
    expected = end
  }
  if (start + expected !== sizeBytes) {
    throw new CheckpointError(
      'malformed',
      path,
      `its tensors end at byte ${start + expected}, the file at ${sizeBytes}`,
    )
  }
  return new Map(
    tensors.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, offset: start + begin, byteLength: end - begin },
    ]),
  )
}

function isStringRecord(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  )
}

function isCountList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0)
}
