import type { Context } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { applyMask, findMaskOriginal } from './apply-mask.ts'
import { answerEmpty, answerPlainJson } from '../respond.ts'
import { chooseName, placeUpload, readUpload, storeUpload, type Upload } from './upload-file.ts'

/** Giving the server pictures to work on. */
export function addUploadRoutes(add: AddRoute, deps: GatewayDeps): void {
  add('POST', '/upload/image', (c) => upload(deps, c, async (_form, { bytes }) => bytes))

  add('POST', '/upload/mask', (c) =>
    upload(deps, c, async (form, { bytes }) => {
      const original = await findMaskOriginal(deps, c.get('tenant'), form)
      return original && applyMask(original, bytes)
    }),
  )
}

/**
 * Stores an upload and answers with the name it got. `toStored` makes the bytes to store of the uploaded ones;
 * undefined: nothing is stored, and the answer does not say so (ComfyUI's own behaviour for a mask without original).
 */
async function upload(
  deps: GatewayDeps,
  c: Context<GatewayEnv>,
  toStored: (form: FormData, upload: Upload) => Promise<Uint8Array | undefined>,
): Promise<Response> {
  const tenant = c.get('tenant')
  const form = await readForm(c)
  const given = await readUpload(form)
  if (form === undefined || given === undefined) return answerEmpty(400)
  const place = await placeUpload(deps, tenant, given)
  if (place === undefined) return answerEmpty(400)
  const { name, isStored } = given.overwrite
    ? { name: place.name, isStored: false }
    : await chooseName(deps, tenant, place, given.bytes)
  if (!isStored) {
    const stored = await toStored(form, given)
    if (stored !== undefined) await storeUpload(deps, tenant, { ...place, name }, stored)
  }
  return answerPlainJson({ name, subfolder: given.subfolder, type: given.folder })
}

/** The form of a request; undefined when its body is none. */
async function readForm(c: Context<GatewayEnv>): Promise<FormData | undefined> {
  const type = c.req.header('content-type') ?? ''
  if (!/^(multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type)) return undefined
  return c.req.formData().catch(() => undefined)
}
