import type { NodeDefinition } from './node-definition.ts'

/** Values that nodes take, as nodes. */
export const primitiveNodes: readonly NodeDefinition[] = [
  {
    className: 'PrimitiveString',
    displayName: 'String',
    category: 'utils/primitive',
    pythonModule: 'comfy_extras.nodes_primitive',
    isSchemaNode: true,
    inputs: { required: { value: { type: 'STRING', options: { multiline: false } } } },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'PrimitiveStringMultiline',
    displayName: 'String (Multiline)',
    category: 'utils/primitive',
    pythonModule: 'comfy_extras.nodes_primitive',
    isSchemaNode: true,
    inputs: { required: { value: { type: 'STRING', options: { multiline: true } } } },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'PrimitiveInt',
    displayName: 'Int',
    category: 'utils/primitive',
    pythonModule: 'comfy_extras.nodes_primitive',
    isSchemaNode: true,
    inputs: {
      required: {
        value: {
          type: 'INT',
          options: { min: -9223372036854775807n, max: 9223372036854775807n, control_after_generate: true },
        },
      },
    },
    outputs: [{ type: 'INT' }],
  },
  {
    className: 'PrimitiveFloat',
    displayName: 'Float',
    category: 'utils/primitive',
    pythonModule: 'comfy_extras.nodes_primitive',
    isSchemaNode: true,
    inputs: {
      required: {
        value: { type: 'FLOAT', options: { min: -9223372036854775807n, max: 9223372036854775807n } },
      },
    },
    outputs: [{ type: 'FLOAT' }],
  },
  {
    className: 'PrimitiveBoolean',
    displayName: 'Boolean',
    category: 'utils/primitive',
    pythonModule: 'comfy_extras.nodes_primitive',
    isSchemaNode: true,
    inputs: { required: { value: { type: 'BOOLEAN' } } },
    outputs: [{ type: 'BOOLEAN' }],
  },
]
