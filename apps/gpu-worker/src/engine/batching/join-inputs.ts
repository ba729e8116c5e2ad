import { joinRows, sliceRows, type RowJoiner } from '../denoise/combine.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * What the inputs of one call have in common: the shape of a row's latent, context, label and controls, the variant of
 * the graph, and what it is given for all rows. Contexts of other lengths stay apart: filled up to one length they would
 * change the attention.
 */
export function toBatchKey(inputs: NetworkInputs): string {
  const { latent, context, label, control = {}, hints = {}, wraps = false, fitsLast = false } = inputs
  const { patches = [], joined = [], shared } = inputs
  const rowShape = (tensor: Tensor | undefined) => tensor?.shape.slice(1).join('x') ?? ''
  const places = Object.entries({ ...control, ...hints })
    .map(([place, tensor]) => `${place} ${rowShape(tensor)}`)
    .sort()
  const changes = [...patches.map(({ key }) => key), shared?.key ?? '', ...joined.map(({ key }) => key)]
  const variant = [String(wraps), String(fitsLast)]
  return [rowShape(latent), rowShape(context), rowShape(label), ...variant, ...places, ...changes].join(', ')
}

/** How inputs are joined. */
export interface JoinOptions {
  /** Rows that are filled up to, by repeating the last; what comes out of those is nobody's. */
  readonly rows?: number
  /** Joins contexts. */
  readonly joinContexts?: RowJoiner
  /** Joins hints. */
  readonly joinHints?: RowJoiner
}

/** Joins inputs of one key, row after row. */
export function joinInputs(
  inputs: readonly NetworkInputs[],
  { rows = 0, joinContexts = joinRows, joinHints = joinRows }: JoinOptions = {},
): NetworkInputs {
  const [first] = inputs
  if (inputs.length === 1 && rows <= countRows(first!)) return first!
  const joinedLabel =
    first!.label &&
    joinRows(
      inputs.map(({ label }) => label!),
      rows,
    )
  const latent = joinRows(
    inputs.map((own) => own.latent),
    rows,
  )
  return {
    latent,
    timesteps: joinTimesteps(inputs, latent.shape[0]!),
    context: joinContexts(
      inputs.map(({ context }) => context),
      rows,
    ),
    ...(joinedLabel && { label: joinedLabel }),
    ...joinNamed(inputs, 'control', (tensors) => joinRows(tensors, rows)),
    ...joinNamed(inputs, 'hints', (tensors) => joinHints(tensors, rows)),
    ...(first!.wraps === true && { wraps: true }),
    ...(first!.fitsLast === true && { fitsLast: true }),
    ...(first!.patches && { patches: first!.patches }),
    ...(first!.joined && { joined: first!.joined }),
    ...(first!.shared && { shared: first!.shared }),
  }
}

/** Rows of an evaluation. */
export function countRows({ latent }: NetworkInputs): number {
  return latent.shape[0]!
}

function joinTimesteps(inputs: readonly NetworkInputs[], rows: number): Float32Array {
  const timesteps = new Float32Array(rows).fill(inputs.at(-1)!.timesteps.at(-1)!)
  let offset = 0
  for (const { timesteps: own } of inputs) {
    timesteps.set(own, offset)
    offset += own.length
  }
  return timesteps
}

/** Tensors with names of their own, joined name by name; nothing where inputs have none. */
function joinNamed(
  inputs: readonly NetworkInputs[],
  kind: 'control' | 'hints',
  join: (tensors: readonly Tensor[]) => Tensor,
): Pick<NetworkInputs, 'control' | 'hints'> {
  const names = Object.keys(inputs[0]![kind] ?? {})
  if (names.length === 0) return {}
  const joined = names.map((name) => [name, join(inputs.map((own) => own[kind]![name]!))] as const)
  return { [kind]: Object.fromEntries(joined) }
}

/** Rows `from` (inclusive) to `to` (exclusive) of an evaluation's inputs. */
export function sliceInputs(inputs: NetworkInputs, from: number, to: number): NetworkInputs {
  const { latent, timesteps, context, label, control, hints } = inputs
  const slice = (tensor: Tensor) => sliceRows(tensor, from, to)
  return {
    ...inputs,
    latent: slice(latent),
    timesteps: timesteps.subarray(from, to),
    context: slice(context),
    ...(label && { label: slice(label) }),
    ...(control && { control: mapNamed(control, slice) }),
    ...(hints && { hints: mapNamed(hints, slice) }),
  }
}

function mapNamed(
  tensors: Readonly<Record<string, Tensor>>,
  change: (tensor: Tensor) => Tensor,
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor)]))
}
