import type { NodeDefinition } from './node-definition.ts'

/** Batches seen by windows of so many pictures. */
export const contextWindowNodes: readonly NodeDefinition[] = [
  {
    className: 'ContextWindowsManual',
    displayName: 'Context Windows (Manual)',
    category: 'context',
    pythonModule: 'comfy_extras.nodes_context_windows',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL', options: { tooltip: '' } },
        context_length: { type: 'INT', options: { tooltip: '', default: 16, min: 1 } },
        context_overlap: { type: 'INT', options: { tooltip: '', default: 4, min: 0 } },
        context_schedule: {
          type: 'COMBO',
          options: {
            tooltip: '',
            multiselect: false,
            options: ['standard_static', 'standard_uniform', 'looped_uniform', 'batched'],
          },
        },
        context_stride: { type: 'INT', options: { tooltip: '', default: 1, min: 1 } },
        closed_loop: { type: 'BOOLEAN', options: { tooltip: '', default: false } },
        fuse_method: {
          type: 'COMBO',
          options: {
            tooltip: '',
            default: 'pyramid',
            multiselect: false,
            options: ['pyramid', 'relative', 'flat', 'overlap-linear'],
          },
        },
        dim: { type: 'INT', options: { tooltip: '', default: 0, min: 0, max: 5 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
    outputTooltips: [''],
  },
]
