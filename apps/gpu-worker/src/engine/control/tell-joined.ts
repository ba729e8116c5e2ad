import type { ControlMoment, NetworkInputs } from '../denoise/guidance.ts'
import { joinedInputs, type JoinedControl } from '../networks/control/join-controls.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { toTypes } from './control-network.ts'
import { countBlocks } from './mode-weights.ts'
import { pickRows } from './pick-rows.ts'
import type { ControlUnit } from './control-unit.ts'

/** Rows of hints as they were told last: the same at each step, so that they need not be joined and sent again. */
export type KeptHints = Map<
  ControlUnit,
  { readonly key: string; readonly source: Tensor; readonly rows: Tensor }
>

/** What the rows of a call are told for a ControlNet that is computed in it. */
export function tellJoined(
  unit: ControlUnit,
  { places }: JoinedControl,
  {
    place,
    inputs,
    moment,
    hints,
  }: {
    readonly place: number
    readonly inputs: NetworkInputs
    readonly moment: ControlMoment
    readonly hints: KeptHints
  },
): Required<Pick<NetworkInputs, 'control' | 'hints'>> {
  const names = joinedInputs(place)
  const rows = moment.images.length
  const { weightOf, unionType } = unit
  const { unionTypes } = unit.network
  const weights = places.map((name) => weightOf(name, countBlocks(places)))
  const factors = createTensor([rows, places.length])
  for (let row = 0; row < rows; row += 1) factors.data.set(weights, row * places.length)
  return {
    hints: { [names.hint]: keepHint(unit, hints, { inputs, moment }) },
    control: {
      [names.factors]: factors,
      ...(unionTypes > 0 && { [names.types]: toTypes(rows, unionTypes, unionType) }),
    },
  }
}

function keepHint(
  unit: ControlUnit,
  hints: KeptHints,
  { inputs, moment }: { readonly inputs: NetworkInputs; readonly moment: ControlMoment },
): Tensor {
  const source = unit.hintFor(inputs.latent)
  const key = moment.images.join()
  const known = hints.get(unit)
  if (known?.key === key && known.source === source) return known.rows
  const rows = pickRows(source, moment.images)
  hints.set(unit, { key, source, rows })
  return rows
}
