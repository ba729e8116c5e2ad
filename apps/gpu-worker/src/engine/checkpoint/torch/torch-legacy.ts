import { CheckpointError } from '../checkpoint-error.ts'
import { DTYPE_BITS } from '../dtype.ts'
import { PickleBytes } from '../pickle/pickle-bytes.ts'
import { runPickle } from '../pickle/pickle-machine.ts'
import { isKind, type PickleHost, type PickleStorage, type PickleValue } from '../pickle/pickle-value.ts'
import { readExactly, type OpenFile } from '../read-bytes.ts'
import type { WeightFile } from '../weight-file.ts'
import { collectTensors } from './collect-tensors.ts'
import { placeTensors, type StoragePlace } from './place-tensors.ts'
import { createTorchHost } from './torch-host.ts'

/** What a file written before PyTorch 1.6 begins with, pickled. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

/**
 * Reads what `torch.save` wrote before PyTorch 1.6: five pickles (a magic number, the protocol, the writer's machine,
 * the object, the storages' names), then each storage as its length in elements (8 bytes) and its elements.
 * @throws CheckpointError naming what is wrong or refused
 */
export function readTorchLegacy(file: OpenFile): WeightFile {
  const { path, sizeBytes } = file
  const { host, storages } = rememberStorages(createTorchHost(path))
  const bytes = new PickleBytes(file, 0, sizeBytes)
  const next = () => runPickle(bytes, host, path)
  if (next() !== MAGIC || next() !== PROTOCOL)
    throw new CheckpointError('malformed', path, 'it is a pickle, but not one of weights that PyTorch wrote')
  checkByteOrder(next(), path)
  const object = next()
  const keys = next()
  const places = findStorages(file, { keys, storages, start: bytes.position })
  const { tensors, metadata } = collectTensors(object, path)
  const placed = placeTensors(
    tensors,
    ({ key }) => {
      const place = places.get(key)
      if (place !== undefined) return place
      throw new CheckpointError('malformed', path, `it has no storage ${key.slice(0, 80)}`)
    },
    path,
  )
  return { path, sizeBytes, tensors: placed, metadata }
}

function rememberStorages(host: PickleHost): { host: PickleHost; storages: Map<string, PickleStorage> } {
  const storages = new Map<string, PickleStorage>()
  const load = (id: PickleValue) => {
    const storage = host.load(id)
    if (isKind(storage, 'storage') && !storages.has(storage.key)) storages.set(storage.key, storage)
    return storage
  }
  return { host: { ...host, load }, storages }
}

function checkByteOrder(machine: PickleValue, path: string): void {
  const isLittle = isKind(machine, 'dict') ? machine.entries.get('little_endian') : undefined
  if (isLittle !== true) throw new CheckpointError('malformed', path, 'its weights are in big-endian order')
}

function findStorages(
  file: OpenFile,
  {
    keys,
    storages,
    start,
  }: { keys: PickleValue; storages: ReadonlyMap<string, PickleStorage>; start: number },
): Map<string, StoragePlace> {
  const places = new Map<string, StoragePlace>()
  let at = start
  for (const key of isKind(keys, 'list') ? keys.items : []) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (storage === undefined)
      throw new CheckpointError('malformed', file.path, 'it lists a storage it never names')
    const count = readExactly(file, at, 8).readBigInt64LE()
    const byteLength = Number(count) * (DTYPE_BITS[storage.dtype ?? 'U8'] / 8)
    const offset = at + 8
    if (count < 0n || offset + byteLength > file.sizeBytes)
      throw new CheckpointError(
        'malformed',
        file.path,
        `it is cut off inside storage ${storage.key.slice(0, 80)}`,
      )
    places.set(storage.key, { offset, byteLength })
    at = offset + byteLength
  }
  return places
}
