import type { NodeDefinition } from './node-definition.ts'

/** Work on texts. */
export const stringNodes: readonly NodeDefinition[] = [
  {
    className: 'StringConcatenate',
    displayName: 'Concatenate',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string_a: { type: 'STRING', options: { multiline: true } },
        string_b: { type: 'STRING', options: { multiline: true } },
        delimiter: { type: 'STRING', options: { default: '', multiline: false } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'StringSubstring',
    displayName: 'Substring',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: { type: 'STRING', options: { multiline: true } },
        start: { type: 'INT' },
        end: { type: 'INT' },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'StringLength',
    displayName: 'Length',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: { required: { string: { type: 'STRING', options: { multiline: true } } } },
    outputs: [{ type: 'INT', name: 'length' }],
  },
  {
    className: 'CaseConverter',
    displayName: 'Case Converter',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: { type: 'STRING', options: { multiline: true } },
        mode: { type: { choices: ['UPPERCASE', 'lowercase', 'Capitalize', 'Title Case'] } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'StringTrim',
    displayName: 'Trim',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: { type: 'STRING', options: { multiline: true } },
        mode: { type: { choices: ['Both', 'Left', 'Right'] } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'StringReplace',
    displayName: 'Replace',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: { type: 'STRING', options: { multiline: true } },
        find: { type: 'STRING', options: { multiline: true } },
        replace: { type: 'STRING', options: { multiline: true } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'StringContains',
    displayName: 'Contains',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: { type: 'STRING', options: { multiline: true } },
        substring: { type: 'STRING', options: { multiline: true } },
        case_sensitive: { type: 'BOOLEAN', options: { default: true } },
      },
    },
    outputs: [{ type: 'BOOLEAN', name: 'contains' }],
  },
  {
    className: 'StringCompare',
    displayName: 'Compare',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string_a: { type: 'STRING', options: { multiline: true } },
        string_b: { type: 'STRING', options: { multiline: true } },
        mode: { type: { choices: ['Starts With', 'Ends With', 'Equal'] } },
        case_sensitive: { type: 'BOOLEAN', options: { default: true } },
      },
    },
    outputs: [{ type: 'BOOLEAN' }],
  },
]
