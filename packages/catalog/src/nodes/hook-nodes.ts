import { clipHookNodes, defaultConditioningNodes } from './hook-lora-nodes.ts'
import type { NodeDefinition } from './node-definition.ts'

/** Conditionings bound to masks and times, single or as pairs. */
export const hookNodes: readonly NodeDefinition[] = [
  {
    className: 'ConditioningSetProperties',
    displayName: 'Cond Set Props',
    category: 'advanced/hooks/cond single',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        cond_NEW: { type: 'CONDITIONING' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        set_cond_area: { type: { choices: ['default', 'mask bounds'] } },
      },
      optional: { mask: { type: 'MASK' }, hooks: { type: 'HOOKS' }, timesteps: { type: 'TIMESTEPS_RANGE' } },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    className: 'ConditioningSetPropertiesAndCombine',
    displayName: 'Cond Set Props Combine',
    category: 'advanced/hooks/cond single',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        cond: { type: 'CONDITIONING' },
        cond_NEW: { type: 'CONDITIONING' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        set_cond_area: { type: { choices: ['default', 'mask bounds'] } },
      },
      optional: { mask: { type: 'MASK' }, hooks: { type: 'HOOKS' }, timesteps: { type: 'TIMESTEPS_RANGE' } },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    className: 'PairConditioningSetProperties',
    displayName: 'Cond Pair Set Props',
    category: 'advanced/hooks/cond pair',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        positive_NEW: { type: 'CONDITIONING' },
        negative_NEW: { type: 'CONDITIONING' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        set_cond_area: { type: { choices: ['default', 'mask bounds'] } },
      },
      optional: { mask: { type: 'MASK' }, hooks: { type: 'HOOKS' }, timesteps: { type: 'TIMESTEPS_RANGE' } },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
    ],
  },
  {
    className: 'PairConditioningSetPropertiesAndCombine',
    displayName: 'Cond Pair Set Props Combine',
    category: 'advanced/hooks/cond pair',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        positive_NEW: { type: 'CONDITIONING' },
        negative_NEW: { type: 'CONDITIONING' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        set_cond_area: { type: { choices: ['default', 'mask bounds'] } },
      },
      optional: { mask: { type: 'MASK' }, hooks: { type: 'HOOKS' }, timesteps: { type: 'TIMESTEPS_RANGE' } },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
    ],
  },
  ...defaultConditioningNodes,
  {
    className: 'PairConditioningCombine',
    displayName: 'Cond Pair Combine',
    category: 'advanced/hooks/cond pair',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        positive_A: { type: 'CONDITIONING' },
        negative_A: { type: 'CONDITIONING' },
        positive_B: { type: 'CONDITIONING' },
        negative_B: { type: 'CONDITIONING' },
      },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
    ],
  },
  ...clipHookNodes,
  {
    className: 'ConditioningTimestepsRange',
    displayName: 'Timesteps Range',
    category: 'advanced/hooks',
    pythonModule: 'comfy_extras.nodes_hooks',
    isExperimental: true,
    inputs: {
      required: {
        start_percent: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.001 } },
        end_percent: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.001 } },
      },
    },
    outputs: [
      { type: 'TIMESTEPS_RANGE' },
      { type: 'TIMESTEPS_RANGE', name: 'BEFORE_RANGE' },
      { type: 'TIMESTEPS_RANGE', name: 'AFTER_RANGE' },
    ],
  },
]
