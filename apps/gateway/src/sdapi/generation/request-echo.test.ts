import { isExactObject, toExact, type ExactObject, type PlainValue } from '@atelier/catalog/exact-json'
import type { BlobStore } from '@atelier/ledger'
import { BlobRef, JobRecord } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { toSurfaceNote, type Echo } from '../answer/surface-note.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../request/generation-fields.data.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import { validateFields } from '../request/validate.ts'
import { planBody } from '../test-kit/plan-request.ts'
import { readEcho, storeEcho } from './request-echo.ts'

/** Blobs that are kept in memory. */
function createBlobs() {
  const kept = new Map<string, Uint8Array>()
  const blobs = {
    put: async (key: string, bytes: Uint8Array, mediaType: string) => {
      kept.set(key, bytes)
      return BlobRef.fromPartial({ key, mediaType, sizeBytes: bytes.length })
    },
    read: async ({ key }: { key: string }) => kept.get(key),
  } as unknown as BlobStore
  return { kept, blobs }
}

const recordOf = (echo: Echo) =>
  JobRecord.fromPartial({ job: { surfaceNote: toSurfaceNote(planBody({ prompt: '' }), [], echo) } })

async function keep(body: Readonly<Record<string, PlainValue>>, route: Echo['route'] = 'txt2img') {
  const { kept, blobs } = createBlobs()
  const fields = validateFields(
    toExact(body) as ExactObject,
    route === 'txt2img' ? TXT2IMG_FIELDS : IMG2IMG_FIELDS,
  )
  const echo = await storeEcho(blobs, 'ada', new GenerationRequest(fields), route)
  return { kept, blobs, fields, echo, read: () => readEcho(blobs, recordOf(echo)) }
}

describe('the echo of a request', () => {
  it.each([
    [{}],
    [{ prompt: 'a fox', steps: 3, cfg_scale: 7.5, styles: ['Moody'], override_settings: { a: { b: 1.5 } } }],
    // Null is not the same as what is not given.
    [{ prompt: 'a', steps: null, seed: null, cfg_scale: null }],
    [{ prompt: 'a', seed: '9007199254740993', tiling: false, script_args: [null, 1, 'x', [true]] }],
  ])('is the request with all its fields: %j', async (body) => {
    const { fields, read } = await keep(body)
    expect([...((await read())?.fields ?? [])]).toEqual([...fields])
  })

  it('holds no more than what is not as it is by default', async () => {
    const { echo, kept } = await keep({ prompt: 'a fox', steps: 50, width: 64 })
    expect(isExactObject(echo.changed as ExactObject) && [...(echo.changed as ExactObject).keys()]).toEqual([
      ...['prompt', 'width'],
    ])
    expect(kept.size).toBe(0)
  })

  it('leaves pictures out unless they are asked for, and lies beside the job where it is large', async () => {
    const init_images = ['x'.repeat(9000)]
    const without = await keep({ init_images }, 'img2img')
    expect((await without.read())?.value('init_images')).toBeNull()
    expect(without.kept.size).toBe(0)
    const wanted = await keep({ init_images, include_init_images: true }, 'img2img')
    expect((await wanted.read())?.value('init_images')).toEqual(init_images)
    expect([...wanted.kept.keys()]).toEqual([expect.stringMatching(/^requests\/ada\/[0-9a-f]{64}$/)])
  })

  it('is not known any more when what lay beside the job has gone', async () => {
    const { kept, read } = await keep({ prompt: 'x'.repeat(9000) })
    kept.clear()
    expect(await read()).toBeUndefined()
  })

  it('is not known of jobs that brought none', async () => {
    const { blobs } = createBlobs()
    expect(await readEcho(blobs, JobRecord.fromPartial({ job: { surfaceNote: '' } }))).toBeUndefined()
  })
})
