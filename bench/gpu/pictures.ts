import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { startAtelier, type Atelier } from '../../e2e/kit/atelier.ts'
import { quantile } from './statistics.ts'

/** What a picture is asked for with. */
export interface PictureOptions {
  /** Pixels of a side. */
  readonly side: number
  readonly steps: number
  readonly seed?: number
  readonly sampler?: string
}

/** A whole server on a device, with one checkpoint. */
export interface PictureServer {
  /** Seconds from `npm start`'s moment to the first picture of one step. */
  readonly firstPictureSeconds: number
  /** Makes a picture; its seconds and its pixels, RGB bytes. */
  make(options: PictureOptions): Promise<{ seconds: number; pixels: Uint8Array }>
  stop(): Promise<void>
}

/** Starts a server whose only checkpoint is the file given. */
export async function startPictureServer(checkpoint: string, device: string): Promise<PictureServer> {
  const models = mkdtempSync(join(tmpdir(), 'atelier-gpu-'))
  mkdirSync(join(models, 'Stable-diffusion'))
  symlinkSync(checkpoint, join(models, 'Stable-diffusion', 'bench.safetensors'))
  const start = performance.now()
  const atelier = await startAtelier({
    ATELIER_MODELS: models,
    ATELIER_DEVICE: device,
    ATELIER_LOG_LEVEL: 'warn',
  })
  const make = (options: PictureOptions) => makePicture(atelier, options)
  await make({ side: 64, steps: 1 })
  const firstPictureSeconds = (performance.now() - start) / 1000
  return {
    ...{ firstPictureSeconds, make },
    async stop() {
      await atelier.stop()
      rmSync(models, { recursive: true, force: true })
    },
  }
}

async function makePicture(
  { webui }: Atelier,
  { side, steps, seed = 1, sampler = 'Euler' }: PictureOptions,
): Promise<{ seconds: number; pixels: Uint8Array }> {
  const start = performance.now()
  const answer = await fetch(`${webui}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: 'a lighthouse at dusk',
      negative_prompt: 'blurry',
      ...{ width: side, height: side, steps, seed, sampler_name: sampler },
      override_settings: { sd_model_checkpoint: 'bench.safetensors', randn_source: 'CPU' },
    }),
  })
  const body = (await answer.json()) as { images?: string[] }
  const seconds = (performance.now() - start) / 1000
  const [image] = body.images ?? []
  if (image === undefined) throw new Error(`no picture: ${JSON.stringify(body).slice(0, 300)}`)
  const pixels = await sharp(Buffer.from(image, 'base64')).removeAlpha().raw().toBuffer()
  return { seconds, pixels }
}

/** Pictures per second of so many requests at once, each client asking again as soon as it is answered. */
export async function measureThroughput(
  server: PictureServer,
  options: PictureOptions,
  { clients, rounds }: { readonly clients: number; readonly rounds: number },
): Promise<{ picturesPerSecond: number; p50: number; p99: number }> {
  const seconds: number[] = []
  const start = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let round = 0; round < rounds; round += 1)
        seconds.push((await server.make({ ...options, seed: 100 * client + round })).seconds)
    }),
  )
  const total = (performance.now() - start) / 1000
  return {
    picturesPerSecond: (clients * rounds) / total,
    p50: quantile(seconds, 0.5),
    p99: quantile(seconds, 0.99),
  }
}
