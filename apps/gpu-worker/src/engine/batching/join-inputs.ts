import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'

/**
 * What the inputs of one call have in common: the shape of a row's latent, context, label and controls, and the variant
 * of the graph. Contexts of other lengths stay apart: filled up to one length they would change the attention.
 */
export function toBatchKey({ latent, context, label, control = {}, wraps = false }: NetworkInputs): string {
  const rowShape = (tensor: Tensor | undefined) => tensor?.shape.slice(1).join('x') ?? ''
  const places = Object.keys(control)
    .sort()
    .map((place) => `${place} ${rowShape(control[place])}`)
  return [rowShape(latent), rowShape(context), rowShape(label), String(wraps), ...places].join(', ')
}

/** Joins inputs of one key, row after row. */
export function joinInputs(inputs: readonly NetworkInputs[]): NetworkInputs {
  const [first] = inputs
  if (inputs.length === 1) return first!
  const joinedLabel = first!.label && joinRows(inputs.map(({ label }) => label!))
  return {
    latent: joinRows(inputs.map(({ latent }) => latent)),
    timesteps: joinTimesteps(inputs),
    context: joinRows(inputs.map(({ context }) => context)),
    ...(joinedLabel && { label: joinedLabel }),
    ...(first!.control && { control: joinControls(inputs, Object.keys(first!.control)) }),
    ...(first!.wraps === true && { wraps: true }),
  }
}

/** Rows of an evaluation. */
export function countRows({ latent }: NetworkInputs): number {
  return latent.shape[0]!
}

function joinTimesteps(inputs: readonly NetworkInputs[]): Float32Array {
  const timesteps = new Float32Array(inputs.reduce((sum, own) => sum + countRows(own), 0))
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
): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    places.map((place) => [place, joinRows(inputs.map(({ control }) => control![place]!))]),
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
