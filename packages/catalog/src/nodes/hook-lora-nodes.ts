import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const PYTHON_MODULE = 'comfy_extras.nodes_hooks'
const STRENGTH = { type: 'FLOAT', options: { default: 1, min: -20, max: 20, step: 0.01 } } as const
const MODEL_STRENGTH = 'strength_model'
const BOTH = [MODEL_STRENGTH, 'strength_clip']
const SHARE = { min: 0, max: 1, step: 0.001 } as const
const START: InputDefinition = { type: 'FLOAT', options: { default: 0, ...SHARE } }
const END: InputDefinition = { type: 'FLOAT', options: { default: 1, ...SHARE } }
const PRINT: InputDefinition = { type: 'BOOLEAN', options: { default: false } }
const HOOKS = [{ type: 'HOOKS' }]
const KEYFRAMES = [{ type: 'HOOK_KEYFRAMES', name: 'HOOK_KF' }]

const LORA_NAME: Readonly<Record<string, InputDefinition>> = { lora_name: { type: { choicesFrom: 'loras' } } }
const CHECKPOINT_NAME: Readonly<Record<string, InputDefinition>> = {
  ckpt_name: { type: { choicesFrom: 'checkpoints' } },
}

const creation = (
  [className, displayName]: readonly [className: string, displayName: string],
  file: Readonly<Record<string, InputDefinition>>,
  strengths: readonly string[],
): NodeDefinition => ({
  ...{ className, displayName, category: 'advanced/hooks/create' },
  ...{ pythonModule: PYTHON_MODULE, isExperimental: true, outputs: HOOKS },
  inputs: {
    required: {
      ...file,
      ...Object.fromEntries(strengths.map((name) => [name, STRENGTH])),
    },
    optional: { prev_hooks: { type: 'HOOKS' } },
  },
})

const scheduling = (
  className: string,
  displayName: string,
  required: Readonly<Record<string, InputDefinition>>,
): NodeDefinition => ({
  ...{ className, displayName, category: 'advanced/hooks/scheduling' },
  ...{ pythonModule: PYTHON_MODULE, isExperimental: true, outputs: KEYFRAMES },
  inputs: { required, optional: { prev_hook_kf: { type: 'HOOK_KEYFRAMES' } } },
})

const combination = (count: number): NodeDefinition => ({
  ...{ className: `CombineHooks${count}`, displayName: `Combine Hooks [${count}]` },
  ...{
    category: 'advanced/hooks/combine',
    pythonModule: PYTHON_MODULE,
    isExperimental: true,
    outputs: HOOKS,
  },
  inputs: {
    required: {},
    optional: Object.fromEntries(
      [...'ABCDEFGH'].slice(0, count).map((letter) => [`hooks_${letter}`, { type: 'HOOKS' }]),
    ),
  },
})

/** LoRAs and checkpoints for single conditionings, and their strengths over the run. */
export const hookLoraNodes: readonly NodeDefinition[] = [
  creation(['CreateHookLora', 'Create Hook LoRA'], LORA_NAME, BOTH),
  creation(['CreateHookLoraModelOnly', 'Create Hook LoRA (MO)'], LORA_NAME, [MODEL_STRENGTH]),
  creation(['CreateHookModelAsLora', 'Create Hook Model as LoRA'], CHECKPOINT_NAME, BOTH),
  creation(['CreateHookModelAsLoraModelOnly', 'Create Hook Model as LoRA (MO)'], CHECKPOINT_NAME, [
    MODEL_STRENGTH,
  ]),
  {
    ...{ className: 'SetHookKeyframes', displayName: 'Set Hook Keyframes' },
    ...{ category: 'advanced/hooks/scheduling', pythonModule: PYTHON_MODULE, isExperimental: true },
    inputs: {
      required: { hooks: { type: 'HOOKS' } },
      optional: { hook_kf: { type: 'HOOK_KEYFRAMES' } },
    },
    outputs: HOOKS,
  },
  scheduling('CreateHookKeyframe', 'Create Hook Keyframe', { strength_mult: STRENGTH, start_percent: START }),
  scheduling('CreateHookKeyframesInterpolated', 'Create Hook Keyframes Interp.', {
    strength_start: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.001 } },
    strength_end: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.001 } },
    interpolation: { type: { choices: ['linear', 'ease_in', 'ease_out', 'ease_in_out'] } },
    ...{ start_percent: START, end_percent: END },
    keyframes_count: { type: 'INT', options: { default: 5, min: 2, max: 100, step: 1 } },
    print_keyframes: PRINT,
  }),
  scheduling('CreateHookKeyframesFromFloats', 'Create Hook Keyframes From Floats', {
    floats_strength: {
      type: 'FLOATS',
      options: { default: -1n, min: -1n, step: 0.001, forceInput: true },
    },
    ...{ start_percent: START, end_percent: END, print_keyframes: PRINT },
  }),
  ...[2, 4, 8].map(combination),
]

/** Conditionings that guide where nothing else does. */
export const defaultConditioningNodes: readonly NodeDefinition[] = [
  {
    ...{ className: 'ConditioningSetDefaultCombine', displayName: 'Cond Set Default Combine' },
    ...{ category: 'advanced/hooks/cond single', pythonModule: PYTHON_MODULE, isExperimental: true },
    inputs: {
      required: { cond: { type: 'CONDITIONING' }, cond_DEFAULT: { type: 'CONDITIONING' } },
      optional: { hooks: { type: 'HOOKS' } },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    ...{ className: 'PairConditioningSetDefaultCombine', displayName: 'Cond Pair Set Default Combine' },
    ...{ category: 'advanced/hooks/cond pair', pythonModule: PYTHON_MODULE, isExperimental: true },
    inputs: {
      required: {
        ...{ positive: { type: 'CONDITIONING' }, negative: { type: 'CONDITIONING' } },
        ...{ positive_DEFAULT: { type: 'CONDITIONING' }, negative_DEFAULT: { type: 'CONDITIONING' } },
      },
      optional: { hooks: { type: 'HOOKS' } },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
    ],
  },
]

/** LoRAs for what a CLIP encodes. */
export const clipHookNodes: readonly NodeDefinition[] = [
  {
    ...{ className: 'SetClipHooks', displayName: 'Set CLIP Hooks', category: 'advanced/hooks/clip' },
    ...{ pythonModule: PYTHON_MODULE, isExperimental: true },
    inputs: {
      required: {
        clip: { type: 'CLIP' },
        apply_to_conds: { type: 'BOOLEAN', options: { default: true } },
        schedule_clip: { type: 'BOOLEAN', options: { default: false } },
      },
      optional: { hooks: { type: 'HOOKS' } },
    },
    outputs: [{ type: 'CLIP' }],
  },
]
