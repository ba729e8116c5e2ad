import type { WireVerdict } from './wire-report.ts'
import {
  differenceOf,
  runNodeCase,
  toleranceOf,
  type NodeCase,
} from '../../apps/gpu-worker/src/engine/nodes/test-kit/recorded-nodes.ts'
import { NODE_EXECUTIONS } from '../../apps/gpu-worker/src/engine/nodes/index.ts'
import { openFixture, readCases } from '../../apps/gpu-worker/src/engine/test-kit.ts'

/** Compares what nodes compute with the recorded calls of the original's. `folder` ends with a slash. */
export async function compareNodes(folder: string): Promise<WireVerdict[]> {
  const recorded = {
    tensors: openFixture(new URL(`file://${folder}nodes.safetensors`)),
    inputPath: (name: string) => `${folder}input/${name}`,
  }
  const verdicts: WireVerdict[] = []
  for (const row of readCases<NodeCase>(new URL(`file://${folder}nodes.jsonl`))) {
    const verdict = { file: 'nodes.jsonl', name: `${row.n} ${row.node}` }
    if (!NODE_EXECUTIONS.has(row.node)) verdicts.push({ ...verdict, notYet: 'classes that are not served' })
    else if (row.args['image'] === 'gray16.png')
      verdicts.push({ ...verdict, notYet: '16-bit grey depends on the version of the decoder' })
    else {
      const difference = await compareCase(row, recorded)
      verdicts.push(difference === undefined ? verdict : { ...verdict, difference })
    }
  }
  return verdicts
}

async function compareCase(
  row: NodeCase,
  recorded: Parameters<typeof runNodeCase>[1],
): Promise<string | undefined> {
  try {
    const outputs = await runNodeCase(row, recorded)
    if (row.error !== undefined) return `gives a result, recorded ${row.error.type}`
    const worst = Math.max(...row.outputs!.map((value, slot) => differenceOf(outputs[slot], value, recorded)))
    return worst <= toleranceOf(row) ? undefined : `differs by ${worst}, ${toleranceOf(row)} are allowed`
  } catch (error) {
    return row.error === undefined ? `fails: ${(error as Error).message}` : undefined
  }
}
