import { ModelKind } from '@atelier/proto'
import { addKeyframe, type HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import type {
  ClipValue,
  ConditioningValue,
  HookValue,
  NodeContext,
  WeightHook,
} from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { findRef } from './find-file.ts'
import { joinHooks, setKeyframes } from './hooks.ts'
import type { NodeTable } from './node-table.ts'

/** LoRAs for single conditionings and their texts, and how strongly they act over a run. */
export const hookNodes: NodeTable = {
  CreateHookLora: async (inputs, context) => ({
    outputs: [createHook(inputs, context, { ...LORA, clipStrength: inputs.number('strength_clip') })],
  }),
  CreateHookLoraModelOnly: async (inputs, context) => ({
    outputs: [createHook(inputs, context, { ...LORA, clipStrength: 0 })],
  }),
  CreateHookModelAsLora: async (inputs, context) => ({
    outputs: [createHook(inputs, context, { ...CHECKPOINT, clipStrength: inputs.number('strength_clip') })],
  }),
  CreateHookModelAsLoraModelOnly: async (inputs, context) => ({
    outputs: [createHook(inputs, context, { ...CHECKPOINT, clipStrength: 0 })],
  }),
  SetHookKeyframes: async (inputs) => {
    const hooks = inputs.value<HookValue>('hooks')
    const keyframes = inputs.optional<readonly HookKeyframe[]>('hook_kf')
    return { outputs: [keyframes === undefined ? hooks : setKeyframes(hooks, [...keyframes])] }
  },
  CreateHookKeyframe: async (inputs) => {
    const [strength, startPercent] = [inputs.number('strength_mult'), inputs.number('start_percent')]
    return { outputs: [addKeyframe(readKeyframes(inputs), { strength, startPercent, guaranteeSteps: 1 })] }
  },
  CreateHookKeyframesInterpolated: async (inputs) => {
    const ends = [inputs.number('strength_start'), inputs.number('strength_end')] as const
    const shares = interpolate([0, 1], inputs.integer('keyframes_count'))
    const ease = EASES[inputs.text('interpolation')]!
    return { outputs: [addCourse(inputs, ease(shares, ends))] }
  },
  CreateHookKeyframesFromFloats: async (inputs) => {
    const floats = inputs.value<unknown>('floats_strength')
    return { outputs: [addCourse(inputs, (Array.isArray(floats) ? floats : [floats]).map(Number))] }
  },
  ...Object.fromEntries(
    [2, 4, 8].map((count) => [
      `CombineHooks${count}`,
      async (inputs: NodeInputs) => ({ outputs: [combine(inputs, count)] }),
    ]),
  ),
  SetClipHooks: async (inputs) => {
    const clip = inputs.value<ClipValue>('clip')
    const hooks = inputs.optional<HookValue>('hooks')
    if (hooks === undefined) return { outputs: [clip] }
    const onConditionings = inputs.flag('apply_to_conds') ? hooks : clip.hooks?.onConditionings
    const changed: ClipValue = {
      ...clip,
      hooks: { forced: hooks, isScheduled: inputs.flag('schedule_clip'), onConditionings },
    }
    return { outputs: [changed] }
  },
  ConditioningSetDefaultCombine: async (inputs) => ({ outputs: [addDefault(inputs, 'cond')] }),
  PairConditioningSetDefaultCombine: async (inputs) => ({
    outputs: ['positive', 'negative'].map((role) => addDefault(inputs, role)),
  }),
}

/** What hooks are made of, and the input that names it. */
interface HookSource {
  readonly kind: ModelKind
  readonly input: string
  readonly what: string
}

const LORA: HookSource = { kind: ModelKind.MODEL_KIND_LORA, input: 'lora_name', what: 'LoRA' }
const CHECKPOINT: HookSource = {
  kind: ModelKind.MODEL_KIND_CHECKPOINT,
  input: 'ckpt_name',
  what: 'checkpoint',
}

/** @throws EngineError `not-found` when the file is not there */
function createHook(
  inputs: NodeInputs,
  { models }: NodeContext,
  { kind, input, what, clipStrength }: HookSource & { readonly clipStrength: number },
): HookValue {
  const earlier = inputs.optional<HookValue>('prev_hooks') ?? []
  const modelStrength = inputs.number('strength_model')
  if (modelStrength === 0 && clipStrength === 0) return earlier
  const name = inputs.text(input)
  const hook: WeightHook = {
    file: findRef(models, { kind, name, what }),
    ...{ modelStrength, clipStrength, keyframes: [], origin: Symbol(name) },
  }
  return [...earlier, hook]
}

function readKeyframes(inputs: NodeInputs): readonly HookKeyframe[] {
  return inputs.optional<readonly HookKeyframe[]>('prev_hook_kf') ?? []
}

/** Keyframes of strengths, evenly from one share of the run to another; only the first keeps a step for itself. */
function addCourse(inputs: NodeInputs, strengths: readonly number[]): readonly HookKeyframe[] {
  const ends = [inputs.number('start_percent'), inputs.number('end_percent')] as const
  return interpolate(ends, strengths.length).reduce<readonly HookKeyframe[]>(
    (keyframes, startPercent, index) =>
      addKeyframe(keyframes, {
        ...{ strength: strengths[index]!, startPercent },
        guaranteeSteps: index === 0 ? 1 : 0,
      }),
    readKeyframes(inputs),
  )
}

type Ends = readonly [from: number, to: number]
const single = Math.fround

/** Even steps in single precision, counted from both ends as torch's linspace counts them. */
function interpolate([from, to]: Ends, count: number): number[] {
  const step = single(single(single(to) - single(from)) / (count - 1))
  return Array.from({ length: count }, (_, index) =>
    index < count / 2 ? single(from + step * index) : single(to - step * (count - 1 - index)),
  )
}

const along =
  (shape: (share: number) => number) =>
  (shares: readonly number[], [from, to]: Ends): number[] =>
    shares.map((share) => single(single((to - from) * single(shape(share))) + from))

/** How strengths go from one to another, by the names that nodes give. */
const EASES: Readonly<Record<string, (shares: readonly number[], ends: Ends) => number[]>> = {
  linear: (shares, ends) => interpolate(ends, shares.length),
  ease_in: along((share) => share ** 2),
  ease_out: along((share) => 1 - (1 - share) ** 2),
  ease_in_out: along((share) => (1 - Math.cos(share * Math.PI)) / 2),
}

/** Undefined where no group is given. */
function combine(inputs: NodeInputs, count: number): HookValue | undefined {
  const groups = [...'ABCDEFGH'].slice(0, count).flatMap((letter) => {
    const group = inputs.optional<HookValue>(`hooks_${letter}`)
    return group === undefined ? [] : [group]
  })
  return groups.length === 0 ? undefined : groups.reduce((all, group) => joinHooks(all, group))
}

/** A conditioning, and another that guides where nothing of it does. */
function addDefault(inputs: NodeInputs, name: string): ConditioningValue {
  const hooks = inputs.optional<HookValue>('hooks')
  const rest = inputs.value<ConditioningValue>(`${name}_DEFAULT`).map((entry) => ({
    ...entry,
    ...(hooks && { hooks: entry.hooks === undefined ? hooks : joinHooks(entry.hooks, hooks) }),
    isDefault: true,
  }))
  return [...inputs.value<ConditioningValue>(name), ...rest]
}
