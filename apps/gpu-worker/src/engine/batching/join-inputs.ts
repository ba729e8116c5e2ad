import { joinRows, sliceRows, type RowJoiner } from '../denoise/combine.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * What the inputs of one call have in common: the shape of a row's latent, context, label and controls, the variant of
 * the graph, and what it is given for all rows. Contexts of other lengths stay apart: filled up to one length they would
 * change the attention.
 */
export function toBatchKey(inputs: NetworkInputs): string {
  const { latent, context, label, control = {}, wraps = false, fitsLast = false } = inputs
  const { patches = [], shared } = inputs
  const rowShape = (tensor: Tensor | undefined) => tensor?.shape.slice(1).join('x') ?? ''
  const places = Object.keys(control)
    .sort()
    .map((place) => `${place} ${rowShape(control[place])}`)
  const changes = [...patches.map(({ key }) => key), shared?.key ?? '']
  const variant = [String(wraps), String(fitsLast)]
  return [rowShape(latent), rowShape(context), rowShape(label), ...variant, ...places, ...changes].join(', ')
}

/** How inputs are joined. */
export interface JoinOptions {
  /** Rows that are filled up to, by repeating the last; what comes out of those is nobody's. */
  readonly rows?: number
  /** Joins contexts. */
  readonly joinContexts?: RowJoiner
}

/** Joins inputs of one key, row after row. */
export function joinInputs(
  inputs: readonly NetworkInputs[],
  { rows = 0, joinContexts = joinRows }: JoinOptions = {},
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
    ...(first!.control && { control: joinControls(inputs, Object.keys(first!.control), rows) }),
    ...(first!.wraps === true && { wraps: true }),
    ...(first!.fitsLast === true && { fitsLast: true }),
    ...(first!.patches && { patches: first!.patches }),
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

function joinControls(
  inputs: readonly NetworkInputs[],
  places: readonly string[],
  rows: number,
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    places.map((place) => [
      place,
      joinRows(
        inputs.map(({ control }) => control![place]!),
        rows,
      ),
    ]),
  )
}

/** Rows `from` (inclusive) to `to` (exclusive) of an evaluation's inputs. */
export function sliceInputs(inputs: NetworkInputs, from: number, to: number): NetworkInputs {
  const { latent, timesteps, context, label, control } = inputs
  const slice = (tensor: Tensor) => sliceRows(tensor, from, to)
  return {
    ...inputs,
    latent: slice(latent),
    timesteps: timesteps.subarray(from, to),
    context: slice(context),
    ...(label && { label: slice(label) }),
    ...(control && {
      control: Object.fromEntries(Object.entries(control).map(([place, tensor]) => [place, slice(tensor)])),
    }),
  }
}
