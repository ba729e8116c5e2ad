import { Hono, type Context } from 'hono'
import sharp from 'sharp'
import { AtelierError } from '@atelier/ledger'
import type { JobImages } from '@atelier/catalog/atelier-api'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { JOBS_PATH } from './job-address.ts'
import { answerMissing, findJob } from './find-job.ts'
import { describePictures, listPictures } from './list-pictures.ts'

/** Sides that thumbnails may have, pixels. */
const THUMBNAIL = { smallest: 16, largest: 1024 } as const
/** Of thumbnails: nobody looks for artefacts in them. */
const THUMBNAIL_QUALITY = 80
/** Pictures never change, and belong to one tenant. */
const FOREVER = 'private, max-age=31536000, immutable'

/** The pictures of a job by address: a list, each one's file, smaller ones of it, and the preview of one that runs. */
export function createPictureRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()

  routes.get(`${JOBS_PATH}/:id/images`, async (c) => {
    const record = await findJob(deps, c)
    return record === undefined
      ? answerMissing(c)
      : c.json({ images: describePictures(record) } satisfies JobImages, 200, { 'cache-control': 'no-store' })
  })

  routes.get(`${JOBS_PATH}/:id/images/:index{[0-9]+}`, async (c) => {
    const record = await findJob(deps, c)
    const blob = record && listPictures(record)[Number(c.req.param('index'))]?.blob
    if (blob === undefined) return answerMissing(c)
    const side = readSide(c.req.query('size'))
    const etag = `"${blob.sha256}-${side ?? 'whole'}"`
    const headers = { etag, 'cache-control': FOREVER, 'x-content-type-options': 'nosniff' }
    if (c.req.header('if-none-match')?.includes(etag) === true) return c.body(null, 304, headers)
    const bytes = await deps.store.blobs.read(blob)
    if (bytes === undefined) return answerMissing(c)
    if (side === undefined) return sendBytes(c, bytes, { ...headers, 'content-type': blob.mediaType })
    return sendBytes(c, await shrink(bytes, side), { ...headers, 'content-type': 'image/webp' })
  })

  routes.get(`${JOBS_PATH}/:id/preview`, (c) => {
    const preview = deps.dispatcher.progress(c.get('tenant'), c.req.param('id'))?.preview
    const headers = { 'cache-control': 'no-store' }
    if (preview === undefined) return c.body(null, 204, headers)
    return sendBytes(c, preview.bytes, { ...headers, 'content-type': preview.mediaType })
  })
  return routes
}

function sendBytes(c: Context<GatewayEnv>, bytes: Uint8Array, headers: Record<string, string>): Response {
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, headers)
}

/** The longest side asked for; undefined: the file as it is. Throws AtelierError `invalid-request`. */
function readSide(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const side = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  const { smallest, largest } = THUMBNAIL
  if (side >= smallest && side <= largest) return side
  throw new AtelierError('invalid-request', `size must be ${smallest} to ${largest} pixels, got ${text}`)
}

async function shrink(bytes: Uint8Array, side: number): Promise<Uint8Array> {
  const fit = { width: side, height: side, fit: 'inside', withoutEnlargement: true } as const
  return sharp(bytes).resize(fit).webp({ quality: THUMBNAIL_QUALITY }).toBuffer()
}
