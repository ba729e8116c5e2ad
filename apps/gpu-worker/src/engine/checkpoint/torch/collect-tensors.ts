import { CheckpointError } from '../checkpoint-error.ts'
import { isKind, type PickleTensor, type PickleValue } from '../pickle/pickle-value.ts'
import { MAX_NAME_BYTES, MAX_TENSORS } from '../weight-file.ts'

/** Values looked at; a small pickle can name the same list again and again. */
const MAX_VISITS = 1_000_000
/** Dictionaries inside dictionaries. */
const MAX_DEPTH = 16
/** What programs keep the weights in, beside epochs and optimizers; the first that is there counts. */
const WRAPPERS = ['state_dict', 'params_ema', 'params-ema', 'params'] as const
/** Characters of one text beside the tensors. */
const MAX_TEXT = 1_024

/** The tensors of an unpickled file by name, and the plain texts, numbers and flags at its top. */
export interface CollectedTensors {
  readonly tensors: ReadonlyMap<string, PickleTensor>
  readonly metadata: Readonly<Record<string, string>>
}

interface Collector {
  readonly path: string
  readonly tensors: Map<string, PickleTensor>
  visits: number
}

/**
 * Collects tensors by their names; inside nested dictionaries and lists names are joined with dots
 * ("string_to_param.*", "0.<concept>"). The wrapper around a state dict falls away, as it does in the originals.
 * @throws CheckpointError when two tensors share a name or the nesting goes beyond limits
 */
export function collectTensors(value: PickleValue, path: string): CollectedTensors {
  const collector: Collector = { path, tensors: new Map(), visits: 0 }
  const { tensors } = collector
  visit(unwrap(value), [], collector)
  return { tensors, metadata: collectTexts(value) }
}

function unwrap(value: PickleValue): PickleValue {
  if (!isKind(value, 'dict')) return value
  for (const wrapper of WRAPPERS) {
    const inner = value.entries.get(wrapper)
    if (isKind(inner, 'dict')) return inner
  }
  return value
}

function visit(value: PickleValue, names: readonly string[], collector: Collector): void {
  collector.visits += 1
  if (collector.visits > MAX_VISITS || names.length > MAX_DEPTH) {
    const reason = `its pickle nests more than ${MAX_DEPTH} levels or names more than ${MAX_VISITS} values`
    throw new CheckpointError('over-limit', collector.path, reason)
  }
  if (isKind(value, 'tensor')) addTensor(value, names.join('.'), collector)
  for (const [name, item] of listItems(value)) visit(item, [...names, name], collector)
}

function listItems(value: PickleValue): (readonly [string, PickleValue])[] {
  if (isKind(value, 'dict')) return listEntries(value.entries)
  if (isKind(value, 'list') || isKind(value, 'tuple'))
    return value.items.map((item, index) => [String(index), item])
  return isKind(value, 'inert') ? listState(value.state) : []
}

function listEntries(entries: ReadonlyMap<PickleValue, PickleValue>): [string, PickleValue][] {
  return [...entries].flatMap(([key, item]): [string, PickleValue][] =>
    typeof key === 'string' || typeof key === 'number' ? [[String(key), item]] : [],
  )
}

/** A container of parameters keeps them in `_parameters`, or among its attributes (PyTorch since 1.12). */
function listState(state: PickleValue): (readonly [string, PickleValue])[] {
  if (!isKind(state, 'dict')) return []
  const parameters = state.entries.get('_parameters')
  const own = isKind(parameters, 'dict') ? listEntries(parameters.entries) : []
  return own.length > 0 ? own : listEntries(state.entries).filter(([, item]) => isKind(item, 'tensor'))
}

function addTensor(tensor: PickleTensor, name: string, { tensors, path }: Collector): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    const reason = `tensor "${name.slice(0, 80)}" has a name longer than ${MAX_NAME_BYTES} bytes`
    throw new CheckpointError('over-limit', path, reason)
  }
  if (tensors.has(name)) throw new CheckpointError('malformed', path, `it names tensor "${name}" twice`)
  if (tensors.size >= MAX_TENSORS)
    throw new CheckpointError('over-limit', path, `it declares more than ${MAX_TENSORS} tensors`)
  tensors.set(name, tensor)
}

function collectTexts(value: PickleValue): Record<string, string> {
  if (!isKind(value, 'dict')) return {}
  const texts = listEntries(value.entries).flatMap(([name, item]) => {
    const isPlain = ['string', 'number', 'boolean'].includes(typeof item)
    return isPlain && String(item).length <= MAX_TEXT ? [[name, String(item)] as const] : []
  })
  return Object.fromEntries(texts)
}
