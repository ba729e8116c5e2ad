import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { startAtelier } from '../../e2e/kit/atelier.ts'

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
  const loras = `${fixtures}models/lora`
  if (existsSync(loras)) cpSync(loras, join(models, 'Lora'), { recursive: true })
  const atelier = await startAtelier({
    ATELIER_MODELS: models,
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
