import { createHash } from 'node:crypto'
import { formatExactJson, isExactObject, parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import { toRequestKey, type BlobStore } from '@atelier/ledger'
import type { JobRecord } from '@atelier/proto'
import type { FieldDefinition } from '../request/field.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../request/generation-fields.data.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import { parseSurfaceNote, type Echo } from '../answer/surface-note.ts'
import { echoFields } from '../answer/to-response.ts'

/** Largest echo that goes with the job itself, characters; larger ones (pictures in it) are stored beside it. */
const INLINE_CHARACTERS = 8 * 1024

/** The request as its answer will echo it, stored where it is large. */
export async function storeEcho(
  blobs: BlobStore,
  tenant: string,
  request: GenerationRequest,
  route: Echo['route'],
): Promise<Echo> {
  const fields = echoFields(request)
  const names = definitionsOf(route).filter((field) => !isDefault(fields, field))
  const changed: ExactObject = new Map(names.map(({ name }) => [name, fields.get(name) ?? null]))
  const text = formatExactJson(changed)
  if (text.length <= INLINE_CHARACTERS) return { route, changed }
  const bytes = Buffer.from(text)
  const key = toRequestKey(tenant, createHash('sha256').update(bytes).digest('hex'))
  return { route, changed: await blobs.put(key, bytes, 'application/json') }
}

/** The request a job was made from, as far as its answer needs it; undefined when it is not known any more. */
export async function readEcho(blobs: BlobStore, { job }: JobRecord): Promise<GenerationRequest | undefined> {
  const { echo } = parseSurfaceNote(job?.surfaceNote ?? '')
  if (echo === undefined) return undefined
  const { route, changed } = echo
  const fields = changed instanceof Map ? changed : await readChanged(blobs, changed)
  if (fields === undefined) return undefined
  return new GenerationRequest(
    new Map(
      definitionsOf(route).map((field) => [field.name, fields.get(field.name) ?? defaultOf(fields, field)]),
    ),
  )
}

async function readChanged(
  blobs: BlobStore,
  ref: Parameters<BlobStore['read']>[0],
): Promise<ExactObject | undefined> {
  const bytes = await blobs.read(ref)
  const fields = bytes && parseExactJson(Buffer.from(bytes).toString())
  return fields !== undefined && isExactObject(fields) ? fields : undefined
}

function definitionsOf(route: Echo['route']): readonly FieldDefinition[] {
  return route === 'img2img' ? IMG2IMG_FIELDS : TXT2IMG_FIELDS
}

/** Null was given where the field is there. */
function defaultOf(changed: ExactObject, field: FieldDefinition) {
  return changed.has(field.name) ? null : (field.default ?? null)
}

function isDefault(fields: ExactObject, { name, default: byDefault }: FieldDefinition): boolean {
  return formatExactJson(fields.get(name) ?? null) === formatExactJson(byDefault ?? null)
}
