import { CheckpointError } from '../checkpoint-error.ts'
import type { Dtype } from '../dtype.ts'
import {
  isKind,
  type PickleDict,
  type PickleGlobal,
  type PickleHost,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
} from '../pickle/pickle-value.ts'
import { MAX_RANK } from '../weight-file.ts'
import { DICTIONARIES, INERT, STORAGE_DTYPES, TENSOR_MAKERS, TORCH_DTYPES } from './torch-names.data.ts'

/** What PyTorch's names mean in a pickle: storages, tensors, dictionaries, and nothing else. */
export function createTorchHost(path: string): PickleHost {
  return {
    checkGlobal(global) {
      if (!isKnown(global)) throw refuse(path, global)
    },
    call: (callee, args) => callGlobal(callee, args, path),
    load: (id) => toStorage(id, path),
  }
}

function toName({ module, name }: PickleGlobal): string {
  return `${module} ${name}`
}

function isKnown(global: PickleGlobal): boolean {
  const name = toName(global)
  return (
    Object.hasOwn(TENSOR_MAKERS, name) ||
    DICTIONARIES.has(name) ||
    INERT.has(name) ||
    isStorageClass(global) ||
    dtypeOf(global) !== undefined
  )
}

function isStorageClass({ module, name }: PickleGlobal): boolean {
  const isTyped = Object.hasOwn(STORAGE_DTYPES, name) && /^torch(\.storage|\.cuda)?$/.test(module)
  return isTyped || (module === 'torch.storage' && (name === 'UntypedStorage' || name === 'TypedStorage'))
}

function dtypeOf({ module, name }: PickleGlobal): Dtype | undefined {
  return module === 'torch' && Object.hasOwn(TORCH_DTYPES, name) ? TORCH_DTYPES[name] : undefined
}

function refuse(path: string, global: PickleGlobal): CheckpointError {
  const named = `${global.module}.${global.name}`.slice(0, 200)
  return new CheckpointError(
    'refused',
    path,
    `it refers to ${named}, which is code; weights have no need of it`,
  )
}

function callGlobal(callee: PickleValue, args: readonly PickleValue[], path: string): PickleValue {
  if (!isKind(callee, 'global'))
    throw new CheckpointError('malformed', path, 'its pickle calls something that is no name')
  const name = toName(callee)
  if (Object.hasOwn(TENSOR_MAKERS, name)) return makeTensor(TENSOR_MAKERS[name]!, args, path)
  if (DICTIONARIES.has(name)) return toDictionary(args)
  if (INERT.has(name)) return { kind: 'inert', state: null }
  throw refuse(path, callee)
}

/** `OrderedDict([[key, value], …])`, as Python 2 wrote it, or an empty one. */
function toDictionary([pairs]: readonly PickleValue[]): PickleDict {
  const entries = new Map<PickleValue, PickleValue>()
  if (isKind(pairs, 'list')) {
    for (const pair of pairs.items)
      if ((isKind(pair, 'list') || isKind(pair, 'tuple')) && pair.items.length === 2)
        entries.set(pair.items[0]!, pair.items[1]!)
  }
  return { kind: 'dict', entries }
}

/** The tuple `('storage', class, key, device, count)`, with a view of another storage at its end in old files. */
function toStorage(id: PickleValue, path: string): PickleStorage {
  const [tag, type, key, , count, view] = isKind(id, 'tuple') ? id.items : []
  if (tag !== 'storage' || !isKind(type, 'global') || !isStorageClass(type))
    throw new CheckpointError('refused', path, 'its pickle refers to something outside that is no storage')
  const name = typeof key === 'number' ? String(key) : key
  if (typeof name !== 'string' || !isCount(count))
    throw new CheckpointError('malformed', path, 'its pickle describes a storage without name or size')
  const start = isKind(view, 'tuple') ? view.items[1] : 0
  if (!isCount(start)) throw new CheckpointError('malformed', path, `storage ${name} begins nowhere`)
  return { kind: 'storage', dtype: STORAGE_DTYPES[type.name], key: name, count, start }
}

function makeTensor(
  maker: 'plain' | 'typed' | 'parameter',
  args: readonly PickleValue[],
  path: string,
): PickleTensor {
  const malformed = (problem: string) =>
    new CheckpointError('malformed', path, `its pickle makes a tensor ${problem}`)
  const [storage, offset, size, stride] = args
  if (maker === 'parameter') {
    if (isKind(storage, 'tensor')) return storage
    throw malformed('parameter of no tensor')
  }
  if (!isKind(storage, 'storage')) throw malformed('without a storage')
  const shape = toCounts(size)
  const strides = toCounts(stride)
  if (!isCount(offset) || shape === undefined || strides?.length !== shape.length)
    throw malformed('whose place, shape and strides are no whole numbers')
  if (shape.length > MAX_RANK) throw malformed(`of ${shape.length} dimensions, at most ${MAX_RANK}`)
  const named = maker === 'typed' ? args[6] : undefined
  const dtype = isKind(named, 'global') ? dtypeOf(named) : storage.dtype
  if (dtype === undefined) throw malformed('of no known element type')
  return { kind: 'tensor', dtype, storage, offset, shape, strides }
}

function toCounts(value: PickleValue | undefined): number[] | undefined {
  const isList = isKind(value, 'tuple') || isKind(value, 'list')
  return isList && value.items.every(isCount) ? value.items : undefined
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
