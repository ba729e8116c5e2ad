import { toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import { findNodeDefinition, type InputDefinition } from '@atelier/catalog/nodes'
import { EngineError } from '../engine-error.ts'
import type { GraphNode } from './graph.ts'

/** Types a literal can have, choices (COMBO) and anything (*) among them; everything else comes from another node. */
const LITERAL_TYPES = new Set(['INT', 'FLOAT', 'STRING', 'BOOLEAN', 'COMBO', '*'])

/** What the original first asks of a value of these types, and stumbles over when it is a literal. */
const FIRST_USES: Readonly<Record<string, string>> = {
  MODEL: 'get_model_object',
  CLIP: 'tokenize',
  VAE: 'decode',
}

/**
 * Refuses a literal where only a node's output will do; validation lets it pass, as the original's does.
 * @throws EngineError `invalid-request` in the words of the original's failure
 */
export function refuseLiterals(node: GraphNode): void {
  const inputs = findNodeDefinition(node.className)?.inputs
  for (const [name, input] of Object.entries({ ...inputs?.required, ...inputs?.optional })) {
    const value = node.literals.get(name)
    if (value !== undefined && isLinkOnly(input)) throw describe(String(input.type), value)
  }
}

function isLinkOnly({ type }: InputDefinition): boolean {
  return typeof type === 'string' && !LITERAL_TYPES.has(type)
}

function describe(type: string, value: ExactValue): EngineError {
  const name = toPythonTypeName(value)
  const attribute = FIRST_USES[type]
  const refuse = (exceptionType: string, message: string) =>
    new EngineError('invalid-request', message, { exceptionType })
  if (attribute !== undefined)
    return refuse('AttributeError', `'${name}' object has no attribute '${attribute}'`)
  if (typeof value !== 'string') return refuse('TypeError', `'${name}' object is not subscriptable`)
  return type === 'LATENT'
    ? refuse('TypeError', "string indices must be integers, not 'str'")
    : refuse('AttributeError', "'str' object has no attribute 'shape'")
}
