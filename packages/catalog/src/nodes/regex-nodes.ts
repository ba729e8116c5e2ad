import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const text: InputDefinition = { type: 'STRING', options: { multiline: true } }
const onByDefault: InputDefinition = { type: 'BOOLEAN', options: { default: true } }
const offByDefault: InputDefinition = { type: 'BOOLEAN', options: { default: false } }

/** Texts searched by regular expressions. */
export const regexNodes: readonly NodeDefinition[] = [
  {
    className: 'RegexMatch',
    displayName: 'Regex Match',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: text,
        regex_pattern: text,
        case_insensitive: onByDefault,
        multiline: offByDefault,
        dotall: offByDefault,
      },
    },
    outputs: [{ type: 'BOOLEAN', name: 'matches' }],
  },
  {
    className: 'RegexExtract',
    displayName: 'Regex Extract',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: {
        string: text,
        regex_pattern: text,
        mode: {
          type: 'COMBO',
          options: {
            multiselect: false,
            options: ['First Match', 'All Matches', 'First Group', 'All Groups'],
          },
        },
        case_insensitive: onByDefault,
        multiline: offByDefault,
        dotall: offByDefault,
        group_index: { type: 'INT', options: { default: 1, min: 0, max: 100 } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
  {
    className: 'RegexReplace',
    displayName: 'Regex Replace',
    category: 'utils/string',
    pythonModule: 'comfy_extras.nodes_string',
    isSchemaNode: true,
    inputs: {
      required: { string: text, regex_pattern: text, replace: text },
      optional: {
        case_insensitive: onByDefault,
        multiline: offByDefault,
        dotall: { type: 'BOOLEAN', options: { tooltip: '', default: false } },
        count: { type: 'INT', options: { tooltip: '', default: 0, min: 0, max: 100 } },
      },
    },
    outputs: [{ type: 'STRING' }],
  },
]
