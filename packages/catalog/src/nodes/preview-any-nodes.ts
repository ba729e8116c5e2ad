import type { NodeDefinition } from './node-definition.ts'

/** Any value, shown as text. */
export const previewAnyNodes: readonly NodeDefinition[] = [
  {
    className: 'PreviewAny',
    displayName: 'Preview Any',
    category: 'utils',
    pythonModule: 'comfy_extras.nodes_preview_any',
    isOutput: true,
    inputs: { required: { source: { type: '*', options: {} } } },
    outputs: [],
  },
]
