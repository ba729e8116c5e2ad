import { formatExactJson, isExactObject, toPythonString, type ExactValue } from '@atelier/catalog/exact-json'
import type { ConditioningEntry, LatentValue } from '../node-graph/node-context.ts'
import { printTensor } from '../tensor/print-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/**
 * Any value as the text PreviewAny shows: texts as they are, numbers and truths as Python prints them, objects as JSON,
 * tensors as torch prints them (of large ones the edges), latents and conditionings as Python prints what they hold.
 * Models and the like have no text.
 */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'None'
  if (isExactObject(value as ExactValue)) return formatExactJson(value as ExactValue)
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof value))
    return toPythonString(value as ExactValue)
  return showHeld(value) ?? 'source exists, but could not be serialized.'
}

function showHeld(value: object): string | undefined {
  if (isTensor(value)) return printTensor(value)
  if (isSigmas(value)) return printTensor(createTensor([value.length], Float32Array.from(value)))
  if (isLatent(value)) return showLatent(value)
  if (Array.isArray(value) && value.every(isConditioning)) return `[${value.map(showEntry).join(', ')}]`
  return undefined
}

function showLatent({ samples, noiseMask, batchIndex }: LatentValue): string {
  const members = [
    `'samples': ${printTensor(samples)}`,
    ...(noiseMask === undefined ? [] : [`'noise_mask': ${printTensor(noiseMask)}`]),
    ...(batchIndex === undefined ? [] : [`'batch_index': [${batchIndex.join(', ')}]`]),
  ]
  return `{${members.join(', ')}}`
}

function showEntry({ tokens, pooled }: ConditioningEntry): string {
  return `[${printTensor(tokens)}, {'pooled_output': ${pooled === undefined ? 'None' : printTensor(pooled)}}]`
}

function isTensor(value: object): value is Tensor {
  return 'shape' in value && 'data' in value && value.data instanceof Float32Array
}

function isSigmas(value: object): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

function isLatent(value: object): value is LatentValue {
  return 'samples' in value && isTensor(value.samples as object)
}

function isConditioning(value: unknown): value is ConditioningEntry {
  return typeof value === 'object' && value !== null && 'tokens' in value
}
