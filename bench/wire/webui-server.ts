import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { startAtelier } from '../../e2e/kit/atelier.ts'
import { writeSafetensors } from './write-safetensors.ts'

/** Pause between two looks at the list of checkpoints, milliseconds. */
const POLL_MS = 50

/** Starts a whole server; the tiny SD1 stands in for the recorded checkpoints, under their names. */
export async function startWebuiServer(
  fixtures: string,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const models = mkdtempSync(join(tmpdir(), 'atelier-wire-'))
  const weights = gunzipSync(readFileSync(`${fixtures}models/weights/sd1.safetensors.gz`))
  const checkpoints = join(models, 'Stable-diffusion')
  mkdirSync(join(checkpoints, 'sub'), { recursive: true })
  writeFileSync(join(checkpoints, 'tiny-a.safetensors'), weights)
  writeFileSync(join(checkpoints, 'sub', 'tiny-b.safetensors'), weights)
  const adapters = `${fixtures}models/lora/files`
  if (existsSync(adapters)) writeAdapters(adapters, join(models, 'Lora'))
  writeSmallFiles(models)
  const atelier = await startAtelier({
    ATELIER_MODELS: models,
    ATELIER_STYLES_FILE: join(models, 'styles.csv'),
    ATELIER_LOG_LEVEL: 'warn',
    ATELIER_SLOTS: '1',
  })
  await waitForHashes(atelier.webui)
  return {
    url: atelier.webui,
    async stop() {
      await atelier.stop()
      rmSync(models, { recursive: true, force: true })
    },
  }
}

async function waitForHashes(url: string): Promise<void> {
  for (;;) {
    const models = (await (await fetch(`${url}/sdapi/v1/sd-models`)).json()) as { hash: string | null }[]
    // The bundled checkpoint is listed as well.
    if (models.length > 2 && models.every(({ hash }) => hash !== null)) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** The recorded server's LoRA files; one has another name in its metadata. */
function writeAdapters(adapters: string, folder: string): void {
  mkdirSync(folder)
  const source = readWeightFile(join(adapters, 'sd1_kohya.safetensors'))
  const tensors = [...source.tensors.keys()].map((name) => [name, readTensor(source, name)] as const)
  writeSafetensors(join(folder, 'tinylora.safetensors'), tensors, { ss_output_name: 'TinyAlias' })
  writeSafetensors(join(folder, 'plain lora, v1.safetensors'), tensors)
}

const VAE_PREFIX = 'first_stage_model.'
/** Width of the tiny checkpoint's text encoder. */
const TEXT_WIDTH = 64
const STYLES = `name,prompt,negative_prompt
Moody,dark clouds,bright
Wrap,"photo of {prompt}, 35mm","{prompt}, blurry"
NegOnly,,"lowres, jpeg"
`

/** The recorded server's VAE, embeddings and styles. */
function writeSmallFiles(models: string): void {
  for (const folder of ['VAE', 'embeddings']) mkdirSync(join(models, folder))
  const checkpoint = readWeightFile(join(models, 'Stable-diffusion', 'tiny-a.safetensors'))
  const names = [...checkpoint.tensors.keys()].filter((name) => name.startsWith(VAE_PREFIX))
  const vae = names.map((name) => [name.slice(VAE_PREFIX.length), readTensor(checkpoint, name)] as const)
  writeSafetensors(join(models, 'VAE', 'tiny-vae.safetensors'), vae)
  const writeEmbedding = (name: string, shape: number[], metadata: Record<string, string>): void => {
    const tensor = createTensor(shape)
    tensor.data.forEach((_, i) => (tensor.data[i] = Math.sin(i) / 10))
    writeSafetensors(join(models, 'embeddings', name), [['emb_params', tensor]], metadata)
  }
  const origin = { step: '120', sd_checkpoint: 'abcdef0123', sd_checkpoint_name: 'base' }
  writeEmbedding('tinyemb.safetensors', [3, TEXT_WIDTH], origin)
  writeEmbedding('bigemb.safetensors', [2, 768], {})
  writeFileSync(join(models, 'styles.csv'), STYLES)
}
