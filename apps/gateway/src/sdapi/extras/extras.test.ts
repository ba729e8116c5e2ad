import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelFile, ModelKind, type ExtrasJob } from '@atelier/proto'
import { openTestGateway } from '../test-kit/test-gateway.ts'

// Texts and statuses: recorded from A1111 v1.10.1 (fixtures/webui-wire, utils.jsonl).
const upscaler = ModelFile.fromPartial({
  kind: ModelKind.MODEL_KIND_UPSCALER,
  name: 'folder/4x-Sharp.safetensors',
  identity: 'sharp',
  path: '/models/ESRGAN/4x-Sharp.safetensors',
})

describe('the extras routes', async () => {
  const jobs: ExtrasJob[] = []
  const gateway = await openTestGateway({
    models: [upscaler],
    drawExtras: async (job, sources) => {
      jobs.push(job)
      return sources.map((bytes) => ({ bytes, mediaType: 'image/png', width: 8, height: 8 }))
    },
  })
  afterAll(() => gateway.close())
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
    .png()
    .toBuffer()
  const image = picture.toString('base64')
  const single = (body: object) => gateway.request('POST', '/sdapi/v1/extra-single-image', { image, ...body })
  const batch = (body: object) => gateway.request('POST', '/sdapi/v1/extra-batch-images', body)

  it.each([
    [{}, ''],
    [{ upscaler_1: 'Lanczos' }, 'Postprocess upscale by: 2, Postprocess upscaler: Lanczos'],
    [
      { upscaler_1: 'Nearest', upscaling_resize: 2 },
      'Postprocess upscale by: 2.0, Postprocess upscaler: Nearest',
    ],
    [
      { upscaler_1: 'Lanczos', resize_mode: 1, upscaling_resize_w: 100, upscaling_resize_h: 80 },
      'Postprocess upscale to: 100x80, Postprocess crop to: 100x80, Postprocess upscaler: Lanczos',
    ],
    [
      {
        ...{ upscaler_1: 'Lanczos', resize_mode: 1, upscaling_crop: false },
        ...{ upscaling_resize_w: 100, upscaling_resize_h: 80 },
      },
      'Postprocess upscale to: 100x80, Postprocess upscaler: Lanczos',
    ],
    [
      {
        ...{ upscaler_1: 'Lanczos', upscaling_resize: 2 },
        ...{ upscaler_2: 'Nearest', extras_upscaler_2_visibility: 0.5 },
      },
      'Postprocess upscale by: 2.0, Postprocess upscaler: Lanczos, Postprocess upscaler 2: Nearest',
    ],
    [{ gfpgan_visibility: 1 }, 'GFPGAN visibility: 1.0'],
    [
      { codeformer_visibility: 0.5, codeformer_weight: 0 },
      'CodeFormer visibility: 0.5, CodeFormer weight: 0.0',
    ],
  ])('tell what was done for %j', async (body, text) => {
    const answer = (await (await single(body)).json()) as { html_info: string; image: string }
    expect(answer).toEqual({ html_info: `<p>${text}</p>`, image })
  })

  it('give the job the upscalers, their tiles and the size', async () => {
    await gateway.request('POST', '/sdapi/v1/options', { ESRGAN_tile: 64, ESRGAN_tile_overlap: 4 })
    await single({
      ...{ upscaler_1: '4x-Sharp', upscaler_2: 'Nearest', extras_upscaler_2_visibility: 0.25 },
      ...{ resize_mode: 1, upscaling_resize_w: 30, upscaling_resize_h: 20 },
    })
    expect(jobs.at(-1)).toMatchObject({
      upscaler: { name: '4x-Sharp', model: { identity: 'sharp' }, tile: 64, tileOverlap: 4 },
      secondUpscaler: { name: 'Nearest', model: undefined },
      ...{ secondShare: 0.25, width: 30, height: 20, crop: true },
    })
  })

  it('keep the texts of the source beside what was done', async () => {
    await single({ upscaler_1: 'Nearest', upscaling_resize: 1.5 })
    expect(jobs.at(-1)?.pictures[0]?.texts).toEqual([
      { keyword: 'postprocessing', text: 'Postprocess upscale by: 1.5, Postprocess upscaler: Nearest' },
    ])
  })

  it('refuse an upscaler that is not there, in the original words', async () => {
    const answer = await single({ upscaler_1: 'lanczos' })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      error: 'AssertionError',
      errors: 'could not find upscaler named lanczos',
    })
  })

  it('refuse a factor that makes a picture larger than any memory', async () => {
    const answer = await single({ upscaler_1: 'Lanczos', upscaling_resize: 1e9 })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      error: 'ValueError',
      errors: 'upscaling_resize must make pictures of at most 16384 pixels a side, got 8000000000',
    })
    expect((await single({ upscaling_resize: 1e9 })).status).toBe(200)
  })

  it('do not look at the second upscaler without a first one', async () => {
    expect((await single({ upscaler_2: 'Nope' })).status).toBe(200)
  })

  it('answer a batch in its order, an empty one empty', async () => {
    const data = { data: image, name: 'a.png' }
    const two = (await (await batch({ imageList: [data, data] })).json()) as { images: string[] }
    expect(two.images).toEqual([image, image])
    expect(await (await batch({ imageList: [] })).json()).toEqual({ html_info: '<p></p>', images: [] })
  })

  it('refuse what is no picture', async () => {
    const answer = await batch({ imageList: [{ data: 'zzz', name: 'a' }] })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ detail: 'Invalid encoded image' })
  })
})
