import { toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { InputDefinition, NodeDefinition } from '@atelier/catalog/nodes'
import { toExactOptions, toExactType, toSchemaInput, type ChoiceLists } from './input-config.ts'

/** One entry of `GET /object_info`, with ComfyUI's keys in its order. */
export function toObjectInfo(definition: NodeDefinition, lists: ChoiceLists): ExactObject {
  const { inputs, outputs } = definition
  if (definition.isSchemaNode) return toSchemaInfo(definition, lists)
  const info: ExactObject = new Map<string, ExactValue>([
    ['input', toInputSections(inputs, lists)],
    ['input_order', toInputOrder(inputs)],
    ['output', outputs.map(({ type }) => type)],
    ['output_is_list', outputs.map(({ isList }) => isList ?? false)],
    ['output_name', outputs.map(({ name, type }) => name ?? type)],
    ['name', definition.className],
    ['display_name', definition.displayName],
    ['description', ''],
    ['python_module', definition.pythonModule ?? 'nodes'],
    ['category', definition.category],
    ['output_node', definition.isOutput ?? false],
  ])
  if (definition.outputTooltips !== undefined) info.set('output_tooltips', [...definition.outputTooltips])
  if (definition.isDeprecated) info.set('deprecated', true)
  if (definition.isExperimental) info.set('experimental', true)
  return info
}

/** A class declared by the newer schema: every key is there, lists of choices are options. */
function toSchemaInfo(definition: NodeDefinition, lists: ChoiceLists): ExactObject {
  const { inputs, outputs } = definition
  return new Map<string, ExactValue>([
    ['input', toInputSections(inputs, lists, toSchemaInput)],
    ['input_order', toInputOrder(inputs)],
    ['output', outputs.map(({ type }) => type)],
    ['output_is_list', outputs.map(({ isList }) => isList ?? false)],
    ['output_name', outputs.map(({ name, type }) => name ?? type)],
    ['output_tooltips', outputs.map((_, slot) => definition.outputTooltips?.[slot] ?? null)],
    ['name', definition.className],
    ['display_name', definition.displayName],
    ['description', ''],
    ['python_module', definition.pythonModule ?? 'nodes'],
    ['category', definition.category],
    ['output_node', definition.isOutput ?? false],
    ['deprecated', definition.isDeprecated ?? false],
    ['experimental', definition.isExperimental ?? false],
    ['api_node', false],
  ])
}

function toInputSections(
  inputs: NodeDefinition['inputs'],
  lists: ChoiceLists,
  toSpec = toInputSpec,
): ExactObject {
  const sections: ExactObject = new Map()
  for (const name of ['required', 'optional'] as const) {
    const section = inputs[name]
    if (section === undefined) continue
    const entries = Object.entries(section).map(([key, input]) => [key, toSpec(input, lists)] as const)
    sections.set(name, new Map(entries))
  }
  if (inputs.hidden !== undefined) sections.set('hidden', toExact(inputs.hidden))
  return sections
}

function toInputSpec(input: InputDefinition, lists: ChoiceLists): ExactValue {
  const type = toExactType(input, lists)
  return input.options === undefined ? [type] : [type, toExactOptions(input)]
}

function toInputOrder(inputs: NodeDefinition['inputs']): ExactObject {
  const order: ExactObject = new Map()
  for (const name of ['required', 'optional', 'hidden'] as const) {
    const section = inputs[name]
    if (section !== undefined) order.set(name, Object.keys(section))
  }
  return order
}
