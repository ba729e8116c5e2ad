import { ModelKind, type ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type {
  ConditioningEntry,
  ConditioningValue,
  ControlLink,
  ControlNetValue,
  ModelValue,
  NodeContext,
} from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { findEdges } from '../pictures/find-edges.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { findRef } from './find-file.ts'
import type { NodeTable } from './node-table.ts'

/** Kinds of pictures that union networks are told, in the order they count them. */
const UNION_TYPES = [
  ...['openpose', 'depth', 'hed/pidi/scribble/ted', 'canny/lineart/anime_lineart/mlsd'],
  ...['normal', 'segment', 'tile', 'repaint'],
]

/** ControlNets named, told what they see, and put on conditionings; they are loaded when a sampler runs. */
export const controlNetNodes: NodeTable = {
  ControlNetLoader: async (inputs, context) => {
    const value: ControlNetValue = { control: findControl(inputs.text('control_net_name'), context) }
    return { outputs: [value] }
  },
  DiffControlNetLoader: async (inputs, context) => {
    const control = findControl(inputs.text('control_net_name'), context)
    const { checkpoint } = inputs.value<ModelValue>('model')
    return { outputs: [{ control, base: checkpoint } satisfies ControlNetValue] }
  },
  SetUnionControlNetType: async (inputs) => {
    const { unionType: _, ...network } = inputs.value<ControlNetValue>('control_net')
    const index = UNION_TYPES.indexOf(inputs.text('type'))
    return { outputs: [index < 0 ? network : ({ ...network, unionType: index } satisfies ControlNetValue)] }
  },
  ControlNetApply: async (inputs) => {
    const conditioning = inputs.value<ConditioningValue>('conditioning')
    const strength = inputs.number('strength')
    if (strength === 0) return { outputs: [conditioning] }
    const link = readLink(inputs, { startPercent: 0, endPercent: 1 })
    const controlled = conditioning.map((entry) => ({
      ...entry,
      control: { ...link, previous: entry.control },
      isControlForAll: true,
    }))
    return { outputs: [controlled] }
  },
  ControlNetApplyAdvanced: async (inputs) => ({ outputs: applyToBoth(inputs) }),
  // Autoencoder and mask are told to networks of other families alone.
  ControlNetApplySD3: async (inputs) => ({ outputs: applyToBoth(inputs) }),
  ControlNetInpaintingAliMamaApply: async (inputs) => ({ outputs: applyToBoth(inputs) }),
  Canny: async (inputs) => {
    const picture = toChannelsFirst(inputs.value<Tensor>('image'))
    const [low, high] = [inputs.number('low_threshold'), inputs.number('high_threshold')]
    if (low > high)
      throw new EngineError('invalid-request', `low_threshold ${low} is above high_threshold ${high}`)
    return { outputs: [toChannelsLast(findEdges(picture, low, high))] }
  },
}

function findControl(name: string, { models }: Pick<NodeContext, 'models'>): ModelRef {
  return findRef(models, { kind: ModelKind.MODEL_KIND_CONTROL_NET, name, what: 'ControlNet' })
}

type Link = Omit<ControlLink, 'previous'>

function readLink(inputs: NodeInputs, span: Pick<Link, 'startPercent' | 'endPercent'>): Link {
  return {
    network: inputs.value<ControlNetValue>('control_net'),
    image: inputs.value<Tensor>('image'),
    strength: inputs.number('strength'),
    ...span,
  }
}

/** Entries with equal controls before get one and the same link, so that their evaluations are joined. */
function applyToBoth(inputs: NodeInputs): ConditioningValue[] {
  const both = ['positive', 'negative'].map((name) => inputs.value<ConditioningValue>(name))
  if (inputs.number('strength') === 0) return both
  const span = { startPercent: inputs.number('start_percent'), endPercent: inputs.number('end_percent') }
  const link = readLink(inputs, span)
  const made = new Map<ControlLink | undefined, ControlLink>()
  const put = (entry: ConditioningEntry): ConditioningEntry => {
    const control = made.get(entry.control) ?? { ...link, previous: entry.control }
    made.set(entry.control, control)
    return { ...entry, control, isControlForAll: false }
  }
  return both.map((entries) => entries.map(put))
}
