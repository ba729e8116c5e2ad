/**
 * What a LoRA set costs on the CPU: seconds from a request to the end of its first step when the set has not been seen
 * before and when it is resident, beside the checkpoint without LoRAs; and the memory each takes. Random weights, f16 in
 * the files; the LoRA is of rank 32 on every projection of every transformer, as trainers make them.
 *
 * Run: node --import tsx bench/micro/lora.ts [--size tiny,sd15] [--side 8] [--rank 32] [--threads 2] [--note TEXT]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ModelFile, ModelKind } from '@atelier/proto'
import type { AdapterSet } from '../../apps/gpu-worker/src/engine/models/derived-models.ts'
import { ModelStore } from '../../apps/gpu-worker/src/engine/models/model-store.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { round } from '../gpu/statistics.ts'
import { runAsEngine } from './as-engine.ts'
import { listUnetShapes, SD15, type Shapes, type UnetSize } from './checkpoint-shapes.ts'
import { countElements, writeRandomCheckpoint } from './random-checkpoint.ts'
import { watchMemory } from './watch-memory.ts'

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'tiny,sd15' },
    side: { type: 'string', default: '8' },
    rank: { type: 'string', default: '32' },
    threads: { type: 'string', default: String(Math.max(1, cpus().length)) },
    note: { type: 'string', default: '' },
  },
})
const PREFIX = 'model.diffusion_model.'
/** SD1.5's structure, a fifth as wide. */
const TINY: UnetSize = { ...SD15, modelChannels: SD15.modelChannels / 5, contextWidth: 96 }
const SIZES: Readonly<Record<string, UnetSize>> = { tiny: TINY, sd15: SD15 }

/** Factors for every projection of a transformer. */
function listLoraShapes(unet: Shapes, rank: number): Shapes {
  const shapes = new Map<string, readonly number[]>()
  for (const [name, shape] of unet) {
    if (!/(transformer_blocks.*|proj_in|proj_out)\.weight$/.test(name) || shape.length === 1) continue
    const base = `lora_unet_${name.slice(PREFIX.length, -'.weight'.length).replaceAll('.', '_')}`
    shapes.set(`${base}.lora_down.weight`, [rank, countElements(shape.slice(1))])
    shapes.set(`${base}.lora_up.weight`, [shape[0]!, rank])
  }
  return shapes
}

async function measure(name: string, size: UnetSize) {
  const unet = listUnetShapes(size)
  const [checkpoint, lora] = ['unet', `lora-${flags.rank}`].map((part) =>
    join(tmpdir(), `atelier-random-${part}-${name}.safetensors`),
  ) as [string, string]
  writeRandomCheckpoint(checkpoint, unet)
  const factors = listLoraShapes(unet, Number(flags.rank))
  writeRandomCheckpoint(lora, factors)
  const store = new ModelStore({
    session: { device: 'cpu', threads: Number(flags.threads) },
    ...{ budgetBytes: 2 ** 40, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
  })
  const refs = {
    checkpoint: { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'unet', identity: 'unet' },
    lora: { kind: ModelKind.MODEL_KIND_LORA, name: 'lora', identity: 'lora' },
  }
  store.setFiles([
    ModelFile.fromPartial({ ...refs.checkpoint, path: checkpoint }),
    ModelFile.fromPartial({ ...refs.lora, path: lora }),
  ])
  const set = (strength: number): AdapterSet => ({
    flavour: 'webui',
    refs: [{ file: refs.lora, denoiserStrength: strength, textStrength: 0 }],
  })
  const side = Number(flags.side)
  const step = async (adapters?: AdapterSet) => {
    const memory = watchMemory()
    const [start, before] = [performance.now(), process.cpuUsage()]
    const use = await store.useCheckpoint(refs.checkpoint, adapters)
    await use.value.model.predict({
      latent: createTensor([1, 4, side, side]),
      timesteps: Float32Array.of(500),
      context: createTensor([1, 77, size.contextWidth]),
    })
    use.done()
    const seconds = round((performance.now() - start) / 1000)
    const { user, system } = process.cpuUsage(before)
    const { peakBytes } = await memory.stop()
    // Processor seconds too: the clock's tell of what else the machine did.
    return { seconds, cpuSeconds: round((user + system) / 1e6), peakGib: round(peakBytes / 2 ** 30) }
  }
  const without = { unseen: await step(), resident: await step() }
  await store.clear()
  const withLora = { unseen: await step(set(0.8)), resident: await step(set(0.8)) }
  await store.clear()
  const count = (shapes: Shapes) => [...shapes.values()].reduce((sum, shape) => sum + countElements(shape), 0)
  return {
    network: name,
    layers: factors.size / 2,
    f32Gib: round((4 * count(unet)) / 2 ** 30),
    loraMib: round((2 * count(factors)) / 2 ** 20),
    ...{ without, withLora },
  }
}

runAsEngine()
const networks = []
for (const name of flags.size.split(',')) {
  const size = SIZES[name]
  if (size === undefined) throw new Error(`--size must be of ${Object.keys(SIZES).join(', ')}`)
  networks.push(await measure(name, size))
  console.log(JSON.stringify(networks.at(-1), null, 2))
}
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  ...{ pixels: 8 * Number(flags.side), rank: Number(flags.rank), threads: Number(flags.threads) },
  ...(flags.note !== '' && { note: flags.note }),
  networks,
}
const results = new URL('../results/', import.meta.url)
mkdirSync(results, { recursive: true })
writeFileSync(new URL('lora.json', results), `${JSON.stringify(report, null, 2)}\n`)
