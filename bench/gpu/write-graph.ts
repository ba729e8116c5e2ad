/**
 * Writes the graphs that full-size networks have on CUDA as ONNX files, for tools that look graphs over
 * (`check_graph.py`); no weights are needed.
 *
 * Run: node --import tsx bench/gpu/write-graph.ts [--network NAME] [--precision f16|f32] --out FOLDER
 * Without a name: all of them (`graphs.ts`).
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { emitCuda } from '../../apps/gpu-worker/src/engine/onnx/cuda/emit-cuda.ts'
import { toModelBytes } from '../../apps/gpu-worker/src/engine/onnx/model-proto.ts'
import { GRAPHS } from './graphs.ts'

const { values: flags } = parseArgs({
  options: {
    network: { type: 'string' },
    precision: { type: 'string', default: 'f16' },
    out: { type: 'string', default: 'graphs' },
  },
})
const { network, precision } = flags
if (precision !== 'f16' && precision !== 'f32') throw new Error('--precision must be f16 or f32')
const names = network === undefined ? Object.keys(GRAPHS) : [network]
mkdirSync(flags.out, { recursive: true })
for (const name of names) {
  const describe = GRAPHS[name]
  if (describe === undefined) throw new Error(`--network must be one of ${Object.keys(GRAPHS).join(', ')}`)
  const written = emitCuda(describe(), precision)
  writeFileSync(join(flags.out, `${name}.onnx`), toModelBytes(written))
  const counts = new Map<string, number>()
  for (const { type } of written.ops) counts.set(type, (counts.get(type) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  console.log(`${name}: ${sorted.map(([type, count]) => `${count} ${type}`).join(', ')}`)
}
