import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { NetworkChange, NetworkInputs, PredictionNetwork, SharedInputs } from '../guidance.ts'

/** A change of what goes on inside a network, for one sampling. */
export interface InsidePatch {
  readonly network: NetworkChange
  /** Its inputs for rows whose conditioning says nothing else, by name. */
  readonly rows?: Readonly<Record<string, readonly number[]>>
  /** Its inputs for all rows of a call; undefined leaves the patch out of that call. */
  readonly share?: (inputs: NetworkInputs) => SharedInputs | undefined
  /** Names of what `take` alone is told about each row. */
  readonly ownRows?: readonly string[]
  /** Takes the channels it added out of a prediction. */
  readonly take?: (prediction: Tensor, inputs: NetworkInputs) => Tensor
}

/** A network that is called with patches. */
export function patchNetwork(network: PredictionNetwork, patches: readonly InsidePatch[]): PredictionNetwork {
  if (patches.length === 0) return network
  return async (inputs) => {
    const acting = patches.flatMap((patch) => {
      const shared = patch.share?.(inputs)
      return patch.share !== undefined && shared === undefined ? [] : [{ patch, shared }]
    })
    if (acting.length === 0) return network(inputs)
    const shared = acting.flatMap((one) => one.shared ?? [])
    const kept = patches.flatMap(({ ownRows = [] }) => ownRows)
    const told = Object.entries(inputs.control ?? {}).filter(([name]) => !kept.includes(name))
    const control = {
      ...Object.assign({}, ...acting.map(({ patch }) => repeatRows(patch.rows ?? {}, inputs))),
      ...Object.fromEntries(told),
    } as Readonly<Record<string, Tensor>>
    const { control: _, ...rest } = inputs
    const prediction = await network({
      ...rest,
      patches: acting.map(({ patch }) => patch.network),
      ...(Object.keys(control).length > 0 && { control }),
      ...(shared.length > 0 && { shared: joinShared(shared) }),
    })
    return acting.reduceRight((seen, { patch }) => patch.take?.(seen, inputs) ?? seen, prediction)
  }
}

function repeatRows(
  values: NonNullable<InsidePatch['rows']>,
  { latent }: NetworkInputs,
): Readonly<Record<string, Tensor>> {
  const count = latent.shape[0]!
  return Object.fromEntries(
    Object.entries(values).map(([name, own]) => [name, toRows(Array.from({ length: count }, () => own))]),
  )
}

/** Rows of equal length as a tensor [rows, length]. */
export function toRows(rows: readonly (readonly number[])[]): Tensor {
  return createTensor([rows.length, rows[0]?.length ?? 0], Float32Array.from(rows.flat()))
}

function joinShared(shared: readonly SharedInputs[]): SharedInputs {
  return {
    key: shared.map(({ key }) => key).join(' '),
    values: Object.assign({}, ...shared.map(({ values }) => values)) as SharedInputs['values'],
  }
}
