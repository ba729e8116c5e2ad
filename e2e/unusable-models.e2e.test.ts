import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { getJson, postJson } from './kit/calls.ts'

const DEMO = fileURLToPath(new URL('../models/demo/demo.safetensors', import.meta.url))

/** A models folder as A1111 lays it out: one good checkpoint among broken and hostile ones. */
function createModelsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-models-'))
  const checkpoints = join(folder, 'Stable-diffusion')
  mkdirSync(join(checkpoints, 'sub'), { recursive: true })
  copyFileSync(DEMO, join(checkpoints, 'sub', 'good.safetensors'))
  const whole = readFileSync(DEMO)
  writeFileSync(join(checkpoints, 'truncated.safetensors'), whole.subarray(0, whole.length / 2))
  writeFileSync(join(checkpoints, 'empty.safetensors'), '')
  // A header that promises 2^63 bytes.
  writeFileSync(join(checkpoints, 'huge-header.safetensors'), Buffer.from('ffffffffffffff7f7b7d', 'hex'))
  writeFileSync(
    join(checkpoints, 'text.safetensors'),
    'this is no checkpoint at all, only a text with its name',
  )
  return folder
}

describe('a models folder with unusable files', () => {
  let atelier: Atelier
  beforeAll(async () => {
    atelier = await startAtelier({ ATELIER_MODELS: createModelsFolder() })
  }, 150_000)
  afterAll(async () => {
    await atelier.stop()
  }, 90_000)

  it('still makes pictures with the good one, by its name', async () => {
    const { status, json } = await postJson(`${atelier.webui}/sdapi/v1/txt2img`, {
      prompt: 'a cat',
      width: 64,
      height: 64,
      steps: 2,
      override_settings: { sd_model_checkpoint: 'good' },
    })
    expect(status).toBe(200)
    expect((json as { info: string }).info).toContain('Model: good')
  })

  it('says what is wrong with each of the others', () => {
    const log = atelier.output()
    for (const name of ['truncated', 'empty', 'huge-header', 'text'])
      expect(log).toContain(`${name}.safetensors`)
  })

  it('offers only usable checkpoints to ComfyUI clients', async () => {
    const info = (await getJson(`${atelier.comfy}/object_info/CheckpointLoaderSimple`)) as {
      CheckpointLoaderSimple: { input: { required: { ckpt_name: [string[]] } } }
    }
    const [names] = info.CheckpointLoaderSimple.input.required.ckpt_name
    expect(names).toContain('sub/good.safetensors')
    expect(names.filter((name) => /truncated|empty|huge|text/.test(name))).toEqual([])
  })
})
