import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { NodeTable } from './node-table.ts'
import { showValue } from './show-value.ts'

/** Values as nodes, and work on texts, whose characters are code points. */
export const textNodes: NodeTable = {
  PrimitiveString: async (inputs) => ({ outputs: [inputs.text('value')] }),
  PrimitiveStringMultiline: async (inputs) => ({ outputs: [inputs.text('value')] }),
  PrimitiveInt: async (inputs) => ({ outputs: [inputs.bigint('value')] }),
  PrimitiveFloat: async (inputs) => ({ outputs: [inputs.number('value')] }),
  PrimitiveBoolean: async (inputs) => ({ outputs: [inputs.flag('value')] }),
  PreviewAny: async (inputs) => ({ outputs: [], ui: { text: [showValue(inputs.optional('source'))] } }),
  StringConcatenate: async (inputs) => ({
    outputs: [[inputs.text('string_a'), inputs.text('string_b')].join(inputs.text('delimiter'))],
  }),
  StringSubstring: async (inputs) => ({
    outputs: [[...inputs.text('string')].slice(inputs.integer('start'), inputs.integer('end')).join('')],
  }),
  StringLength: async (inputs) => ({ outputs: [BigInt([...inputs.text('string')].length)] }),
  CaseConverter: async (inputs) => ({ outputs: [convertCase(inputs.text('string'), inputs.text('mode'))] }),
  StringTrim: async (inputs) => {
    const [text, mode] = [inputs.text('string'), inputs.text('mode')]
    if (mode === 'Left') return { outputs: [text.trimStart()] }
    return { outputs: [mode === 'Right' ? text.trimEnd() : text.trim()] }
  },
  StringReplace: async (inputs) => ({
    outputs: [inputs.text('string').replaceAll(inputs.text('find'), () => inputs.text('replace'))],
  }),
  StringContains: async (inputs) => {
    const [text, part] = readBoth(inputs, ['string', 'substring'])
    return { outputs: [text.includes(part)] }
  },
  StringCompare: async (inputs) => {
    const [a, b] = readBoth(inputs, ['string_a', 'string_b'])
    const mode = inputs.text('mode')
    if (mode === 'Starts With') return { outputs: [a.startsWith(b)] }
    return { outputs: [mode === 'Ends With' ? a.endsWith(b) : a === b] }
  },
}

function readBoth(inputs: NodeInputs, names: readonly [string, string]): [string, string] {
  const isExact = inputs.flag('case_sensitive')
  const read = (name: string) => (isExact ? inputs.text(name) : inputs.text(name).toLowerCase())
  return [read(names[0]), read(names[1])]
}

function convertCase(text: string, mode: string): string {
  if (mode === 'UPPERCASE') return text.toUpperCase()
  const lower = text.toLowerCase()
  const raise = (part: string) => part.replace(/^./u, (first) => first.toUpperCase())
  if (mode === 'Capitalize') return raise(lower)
  return mode === 'Title Case' ? lower.replace(/\p{L}+/gu, raise) : lower
}
