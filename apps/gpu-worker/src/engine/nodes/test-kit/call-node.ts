import { toExact, type ExactObject, type PlainValue } from '@atelier/catalog/exact-json'
import type { PredictionNetwork } from '../../denoise/guidance.ts'
import { createModelSampling } from '../../denoise/model-sampling.ts'
import type { NodeContext } from '../../node-graph/node-context.ts'
import { latentFormatOf } from '../../models/latent-format.ts'
import { NodeInputs } from '../../node-graph/node-inputs.ts'
import { NODE_EXECUTIONS } from '../index.ts'

/** A value another node gave; plain arguments are literals. Test code. */
export class NodeValue {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** A literal as a request holds it, or a value of another node. */
export type NodeArgument = PlainValue | NodeValue

/** Runs a node and gives its outputs in slot order. */
export async function callNode(
  className: string,
  args: Readonly<Record<string, NodeArgument>>,
  context: Partial<NodeContext> = {},
): Promise<readonly unknown[]> {
  const values = Object.entries(args).map(([name, value]): [string, unknown] => [
    name,
    value instanceof NodeValue ? value.value : (toExact({ value }) as ExactObject).get('value'),
  ])
  const execute = NODE_EXECUTIONS.get(className)
  if (execute === undefined) throw new Error(`there is no node class ${className}`)
  return (await execute(new NodeInputs(new Map(values)), context as NodeContext)).outputs
}

const TEST_TRAITS = {
  ...{ family: 'sd1', inChannels: 4, labelWidth: 0 },
  sampling: createModelSampling(),
  prediction: 'epsilon',
  latents: latentFormatOf('sd1', 'epsilon'),
}

/** A context whose every checkpoint has that network. */
export function networkContext(predict: PredictionNetwork): Partial<NodeContext> {
  return {
    nodeId: '1',
    job: { cancelled: new AbortController().signal, job: {}, tell: () => undefined },
    models: {
      useCheckpoint: async () => ({
        value: { model: { ...TEST_TRAITS, predict }, remarks: [] },
        done: () => undefined,
      }),
    },
    advance: () => undefined,
    remark: () => undefined,
  } as unknown as NodeContext
}

/** A MODEL that such a context finds a network for. */
export const TEST_MODEL = new NodeValue({ checkpoint: {} })
