import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { ChoiceSource, InputDefinition, OptionValue } from '@atelier/catalog/nodes'

/** The choices of lists that depend on the files present, fixed for one request. */
export type ChoiceLists = (source: ChoiceSource) => readonly string[]

/** The choices of an input, or undefined when it takes no list. */
export function choicesOf(input: InputDefinition, lists: ChoiceLists): readonly string[] | undefined {
  if (input.type === 'COMBO') return (input.options?.['options'] ?? []) as readonly string[]
  if (typeof input.type === 'string') return undefined
  return 'choices' in input.type ? input.type.choices : lists(input.type.choicesFrom)
}

/** An option as exact JSON: whole numbers are floats in FLOAT inputs and integers everywhere else. */
export function toExactOption(type: InputDefinition['type'], option: OptionValue): ExactValue {
  if (Array.isArray(option))
    return (option as readonly OptionValue[]).map((item) => toExactOption(type, item))
  if (option !== null && typeof option === 'object' && !Array.isArray(option))
    return new Map(Object.entries(option).map(([name, item]) => [name, toExactOption(type, item)]))
  if (typeof option === 'number' && type !== 'FLOAT' && Number.isInteger(option)) return BigInt(option)
  return option as ExactValue
}

/** The options of an input, in their order; empty when it has none. */
export function toExactOptions(input: InputDefinition): ExactObject {
  const entries = Object.entries(input.options ?? {})
  return new Map(entries.map(([name, option]) => [name, toExactOption(input.type, option)]))
}

/** An input as the newer schema has it: lists of choices are options. */
export function toSchemaInput(input: InputDefinition, lists: ChoiceLists): ExactValue[] {
  const choices = choicesOf(input, lists)
  const options = toExactOptions(input)
  if (choices === undefined) return [input.type as string, options]
  return ['COMBO', options.set('multiselect', false).set('options', [...choices])]
}

/** The `[type, options]` pair of error messages, which always has both. */
export function toInputConfig(
  input: InputDefinition,
  lists: ChoiceLists,
  isSchemaNode = false,
): ExactValue[] {
  return isSchemaNode ? toSchemaInput(input, lists) : [toExactType(input, lists), toExactOptions(input)]
}

/** The type on the wire: its name, or the list of choices. */
export function toExactType(input: InputDefinition, lists: ChoiceLists): ExactValue {
  return typeof input.type === 'string' ? input.type : [...choicesOf(input, lists)!]
}
