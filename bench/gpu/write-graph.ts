/**
 * Writes the graph an SD 1.5 or SDXL UNet has on CUDA as an ONNX file, weights referenced where they lie, for tools that
 * look graphs over (`check_graph.py`).
 *
 * Run: node --import tsx bench/gpu/write-graph.ts --network sd15|sdxl|vae --out FILE
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { emitCuda } from '../../apps/gpu-worker/src/engine/onnx/cuda/emit-cuda.ts'
import { toModelBytes } from '../../apps/gpu-worker/src/engine/onnx/model-proto.ts'
import { describeNetwork } from './networks.ts'

const { values: flags } = parseArgs({
  options: { network: { type: 'string', default: 'sd15' }, out: { type: 'string', default: 'graph.onnx' } },
})
if (flags.network !== 'sd15' && flags.network !== 'sdxl' && flags.network !== 'vae')
  throw new Error('--network must be sd15, sdxl or vae')
const written = emitCuda(describeNetwork(flags.network))
writeFileSync(flags.out, toModelBytes(written))
const counts = new Map<string, number>()
for (const { type } of written.ops) counts.set(type, (counts.get(type) ?? 0) + 1)
console.log(
  [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([type, count]) => `${count} ${type}`)
    .join(', '),
)
