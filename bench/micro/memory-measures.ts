import { readFileSync } from 'node:fs'
import { ModelKind, ModelFile } from '@atelier/proto'
import { loadVaeFile } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { ModelStore } from '../../apps/gpu-worker/src/engine/models/model-store.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { DECODE_TILES, decodeTiled } from '../../apps/gpu-worker/src/engine/tiling/tiled-vae.ts'
import { DEFAULT_TILES, upscaleImage } from '../../apps/gpu-worker/src/engine/upscale/upscale-image.ts'
import { loadUpscaler } from '../../apps/gpu-worker/src/engine/upscale/upscale-network.ts'
import { round } from '../gpu/statistics.ts'
import { watchMemory } from './watch-memory.ts'

const SWITCHES = 10
const CELL = 8
const MIB = 2 ** 20
const OPTIONS = { device: 'cpu', threads: 2, isAllowedFile: () => true }
/** Switches between two checkpoints of which one fits, using UNet and text encoder each time. */
export async function measureSwitches(paths: readonly [string, string]): Promise<object> {
  const files = paths.map((path, index) =>
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: `${index}`, identity: `${index}`, path },
    }),
  )
  const store = new ModelStore({
    session: { device: 'cpu', threads: 2 },
    ...{ budgetBytes: 1, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
  })
  store.setFiles(files)
  const rounds: { mib: number; loadSeconds: number }[] = []
  for (let turn = 0; turn < 2 + SWITCHES; turn += 1) {
    const start = performance.now()
    const use = await store.useCheckpoint({ ...files[turn % 2]! })
    const { model } = use.value
    await model.textEncoders[0]!.encode({
      tokens: [[49406, ...new Array<number>(76).fill(49407)]],
      ...{ vectors: [], layer: 1, finalNorm: true },
    })
    await model.predict({
      latent: createTensor([1, 4, CELL, CELL]),
      timesteps: new Float32Array(1).fill(500),
      context: createTensor([1, 77, 768]),
    })
    const loadSeconds = (performance.now() - start) / 1000
    use.done()
    globalThis.gc?.()
    rounds.push({ mib: readResidentMib(), loadSeconds: round(loadSeconds) })
  }
  // A round is both checkpoints; what a process keeps for good is there after the first.
  const [first, last] = [rounds[1]!.mib, rounds.at(-1)!.mib]
  return { firstRoundMib: first, lastRoundMib: last, growth: round(last / first - 1), rounds }
}

/** Decodes a picture whole or in tiles. */
export async function measureDecode(path: string, side: number, isTiled: boolean): Promise<object> {
  const { value: vae } = loadVaeFile(path, OPTIONS)
  await vae.decode(createTensor([1, 4, CELL, CELL]))
  const latent = createTensor([1, 4, side / CELL, side / CELL])
  return {
    side,
    ...(await watch(() => (isTiled ? decodeTiled(vae, latent, DECODE_TILES) : vae.decode(latent)))),
  }
}

/** Upscales a picture to 2048x2048 in tiles. */
export async function measureUpscale(path: string): Promise<object> {
  const { value: network } = loadUpscaler(path, OPTIONS)
  const side = 2048 / network.scale
  const picture = { width: side, height: side, channels: 3 as const, data: new Uint8Array(3 * side * side) }
  return watch(() => upscaleImage(picture, network.scale, { kind: 'network', network, tiles: DEFAULT_TILES }))
}

async function watch(work: () => Promise<unknown>): Promise<object> {
  const memory = watchMemory()
  const start = performance.now()
  await work()
  const seconds = round((performance.now() - start) / 1000)
  const { peakBytes } = await memory.stop()
  return { peakMib: Math.round(peakBytes / MIB), seconds }
}

/** Memory of this process that is not a page of a file. */
function readResidentMib(): number {
  return Math.round(
    Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024,
  )
}
