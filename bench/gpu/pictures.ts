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
  /** One of the server's checkpoints; absent: its first. */
  readonly checkpoint?: string
  /** A second pass of half the steps at one and a half times the size. */
  readonly hasSecondPass?: boolean
}

/** How long a server may take to start: on a GPU it proves the device first. Milliseconds. */
const START_LIMIT_MS = 300_000
/** Of what a server printed, how much is told when it fails, characters. */
const SHOWN_OUTPUT = 1_500

/** A whole server on a device. */
export interface PictureServer {
  readonly atelier: Atelier
  /** Seconds from `npm start`'s moment to the first picture of one step. */
  readonly firstPictureSeconds: number
  /** Makes a picture; its seconds and its pixels, RGB bytes. */
  make(options: PictureOptions): Promise<{ seconds: number; pixels: Uint8Array }>
  stop(): Promise<void>
}

/** Starts a server that has the files given as checkpoints, by their names there. */
export async function startPictureServer(
  checkpoints: ReadonlyMap<string, string>,
  device: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<PictureServer> {
  const models = mkdtempSync(join(tmpdir(), 'atelier-gpu-'))
  mkdirSync(join(models, 'Stable-diffusion'))
  for (const [name, path] of checkpoints) symlinkSync(path, join(models, 'Stable-diffusion', name))
  const start = performance.now()
  const settings = {
    ATELIER_MODELS: models,
    ATELIER_DEVICE: device,
    ATELIER_LOG_LEVEL: 'warn',
    ...environment,
  }
  const atelier = await startAtelier(settings, START_LIMIT_MS)
  const [first = ''] = checkpoints.keys()
  const make = (options: PictureOptions) => makePicture(atelier, { checkpoint: first, ...options })
  await make({ side: 64, steps: 1 })
  const firstPictureSeconds = (performance.now() - start) / 1000
  return {
    ...{ atelier, firstPictureSeconds, make },
    async stop() {
      await atelier.stop()
      rmSync(models, { recursive: true, force: true })
    },
  }
}

async function makePicture(
  { webui, output }: Atelier,
  { side, steps, seed = 1, sampler = 'Euler', checkpoint, hasSecondPass = false }: PictureOptions,
): Promise<{ seconds: number; pixels: Uint8Array }> {
  const start = performance.now()
  const answer = await fetch(`${webui}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      prompt: 'a lighthouse at dusk',
      negative_prompt: 'blurry',
      ...{ width: side, height: side, steps, seed, sampler_name: sampler },
      ...(hasSecondPass && { enable_hr: true, hr_scale: 1.5, denoising_strength: 0.5 }),
      override_settings: { sd_model_checkpoint: checkpoint, randn_source: 'CPU' },
    }),
  })
  const body = (await answer.json()) as { images?: string[] }
  const seconds = (performance.now() - start) / 1000
  const [image] = body.images ?? []
  if (image === undefined) {
    const told = output().slice(-SHOWN_OUTPUT)
    throw new Error(`no picture: ${JSON.stringify(body).slice(0, 300)}; the server's last words: ${told}`)
  }
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
