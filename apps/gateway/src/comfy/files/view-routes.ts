import type { NamedFile } from '@atelier/proto'
import type { Context } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { convertChannel, convertPreview } from './convert-picture.ts'
import { parseFolderName, resolveBelow, splitAnnotation, splitPath, toFolderKind } from './folders.ts'
import { contentHeaders } from './media-types.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty } from '../respond.ts'
import { answerFile, toBody, type FileConditions } from './send-file.ts'

/** Looking at stored files. */
export function addViewRoutes(add: AddRoute, deps: GatewayDeps): void {
  add('GET', '/view', async (c) => {
    const found = await findViewed(deps, c)
    if (typeof found === 'number') return answerEmpty(found)
    const bytes = found.blob && (await deps.store.blobs.read(found.blob))
    if (bytes === undefined) return answerEmpty(404)
    const disposition = { 'content-disposition': toDisposition(found.name) }
    const picture = await convert(bytes, c.req.query('preview'), c.req.query('channel'))
    if (picture !== undefined) {
      const headers = { ...disposition, 'content-type': picture.mediaType }
      return new Response(toBody(picture.bytes), { headers })
    }
    const headers = { ...disposition, ...contentHeaders(found.name, 'view') }
    return answerFile({ bytes, storedAtMs: found.storedAtMs, headers }, readConditions(c))
  })
}

/** The headers that ask for a part of a file, or for it only when it has changed. */
export function readConditions(c: Context<GatewayEnv>): FileConditions {
  return {
    range: c.req.header('range'),
    ifNoneMatch: c.req.header('if-none-match'),
    ifModifiedSince: c.req.header('if-modified-since'),
  }
}

/** The file a query names, or the status that refuses it. */
async function findViewed(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<NamedFile | number> {
  const given = c.req.query('filename')
  if (given === undefined) return 404
  const annotated = splitAnnotation(given)
  if (annotated.name === '' || annotated.name.startsWith('/') || annotated.name.includes('..')) return 400
  const folder = annotated.folder ?? parseFolderName(c.req.query('type') ?? 'output')
  if (folder === undefined) return 400
  const subfolder = resolveBelow(folder, c.req.query('subfolder') ?? '')
  if (subfolder === undefined) return 403
  // Of a path in the name only its last part counts.
  const { name } = splitPath(annotated.name)
  if (name === '') return 404
  return (await deps.store.files.find(c.get('tenant'), toFolderKind(folder), subfolder, name)) ?? 404
}

async function convert(
  bytes: Uint8Array,
  preview: string | undefined,
  channel: string | undefined,
): ReturnType<typeof convertChannel> {
  try {
    if (preview !== undefined) return await convertPreview(bytes, preview, channel ?? '')
    return await convertChannel(bytes, channel ?? 'rgba')
  } catch (error) {
    throw new RequestFault('the file is no picture', { cause: error })
  }
}

/** Header values are Latin-1: other characters travel in the extended form beside a plain one. */
function toDisposition(name: string): string {
  const plain = name.replace(/[\r\n"\\]/g, '_')
  if (!/[^\u0020-\u007e]/.test(plain)) return `filename="${plain}"`
  return `filename="${plain.replace(/[^\u0020-\u007e]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`
}
