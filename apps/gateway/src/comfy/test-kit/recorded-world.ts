import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import sharp from 'sharp'
import type { Exchange } from './exchange.ts'
import type { RecordedEntry } from './recorded-outcome.ts'
import { putInputs, type TestGateway } from './test-gateway.ts'

/** The recordings' input folder, copied beside the tests. */
const INPUT = fileURLToPath(new URL('../__fixtures__/input', import.meta.url))

/** The model files the recorded server had. */
const RECORDED_MODELS: readonly (readonly [ModelKind, string, number, Record<string, string>?])[] = [
  [
    ModelKind.MODEL_KIND_CHECKPOINT,
    'tiny.safetensors',
    27_086_228,
    { 'modelspec.title': 'tiny', note: 'fixture', format: 'pt' },
  ],
  [ModelKind.MODEL_KIND_LORA, 'sub/another.safetensors', 1_468, { ss_tag: 'x' }],
  [ModelKind.MODEL_KIND_LORA, 'tinylora.safetensors', 1_468],
  [ModelKind.MODEL_KIND_VAE, 'tiny_vae.safetensors', 0],
  [ModelKind.MODEL_KIND_EMBEDDING, 'sub/other.safetensors', 336],
  [ModelKind.MODEL_KIND_EMBEDDING, 'tinyemb.safetensors', 592],
  [ModelKind.MODEL_KIND_UPSCALER, 'tiny_x4.pth', 0],
]

/** Gives a gateway the models and input files of the recorded server. */
export async function prepareRecorded(gateway: TestGateway): Promise<void> {
  const models = RECORDED_MODELS.map(([kind, name, sizeBytes, metadata = {}]) =>
    ModelFile.fromPartial({
      kind,
      name,
      sizeBytes,
      metadata,
      identity: `identity of ${name}`,
      modifiedAtMs: 1_500,
    }),
  )
  gateway.models.replace([WorkerDescription.fromPartial({ id: 'recorded', models })])
  await putInputs(gateway, INPUT)
}

/** Files of the recorded server's output folder that no job made. */
const OUTPUT_TEXTS: Readonly<Record<string, string>> = {
  'style.css': 'a{}\n',
  '_hidden.txt': 'h\n',
  '.dot.txt': 'h\n',
}
/** Input files that were copied to the output folder. */
const COPIED = (name: string): boolean => name !== 'rgba64.png'

/** The three jobs the recorded server had run before its routes were asked, and the files they left. */
export function prepareRoutes(exchanges: readonly Exchange[]): (gateway: TestGateway) => Promise<void> {
  const history = exchanges.find(({ name }) => name === 'bare_history')?.response.json
  return async (gateway) => {
    await prepareRecorded(gateway)
    for (const entry of Object.values(history as Record<string, RecordedEntry>)) {
      const [, promptId, prompt, extraData] = entry.prompt
      const body = { prompt, prompt_id: promptId, extra_data: extraData }
      await gateway.request('POST', '/prompt', body)
      await gateway.dispatcher.settle()
    }
    const names = (await readdir(INPUT, { withFileTypes: true })).filter((entry) => entry.isFile())
    for (const { name } of names.filter((entry) => COPIED(entry.name)))
      await gateway.putFile('output', name, await readFile(`${INPUT}/${name}`))
    for (const [name, text] of Object.entries(OUTPUT_TEXTS))
      await gateway.putFile('output', name, Buffer.from(text))
    await gateway.putFile('output', 'ComfyUI_00001_.png', await drawPlain(16, 12, '#3366aa'))
    await gateway.putFile('output', 'sub/dir/img_00001_.png', await drawPlain(8, 8, '#ff0000'))
    await gateway.putFile('temp', 'ComfyUI_temp_abcde_00001_.png', await drawPlain(20, 10, '#112233'))
  }
}

function drawPlain(width: number, height: number, background: string): Promise<Uint8Array> {
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()
}

/** A file of the recordings' input folder. */
export function readRecordedInput(name: string): Promise<Uint8Array> {
  const path = ['inner.png'].includes(name) ? `sub/${name}` : name
  return readFile(`${INPUT}/${path}`)
}
