import { ModelFile, ModelKind } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const checkpoint = ModelFile.fromPartial({
  kind: ModelKind.MODEL_KIND_CHECKPOINT,
  name: 'a.safetensors',
  identity: 'a',
  sha256: 'a'.repeat(64),
})
const REQUEST = { prompt: 'a cat', width: 64, height: 64, steps: 1, seed: 5, n_iter: 2 }

describe('the result of a job whose client did not wait', () => {
  let gateway: TestGateway
  let picture: string
  beforeAll(async () => {
    gateway = await openTestGateway({ models: [checkpoint] })
    const gradient = { create: { width: 64, height: 64, channels: 3 as const, background: '#357' } }
    picture = (await sharp(gradient).png().toBuffer()).toString('base64')
  })
  afterAll(() => gateway.close())

  const post = (route: string, body: object, headers: Record<string, string> = {}) =>
    gateway.request('POST', route, body, headers)
  /** What the job's address tells, and what a client that waits for the same job is answered. */
  const readBoth = async (route: string, body: object) => {
    const key = { 'idempotency-key': `${route}-${JSON.stringify(body).slice(0, 200)}` }
    const path = (await post(route, body, { ...key, prefer: 'respond-async' })).headers.get('location') ?? ''
    const read = async () =>
      (await (await gateway.request('GET', path)).json()) as { state: string; result?: object }
    await vi.waitUntil(async () => (await read()).state === 'done')
    return { told: (await read()).result, answered: await (await post(route, body, key)).json() }
  }

  it.each([
    ['pictures, parameters and info', {}],
    ['a grid, where pictures are saved', { save_images: true }],
    ['no pictures, where none are to be sent', { send_images: false }],
    [
      'numbers as they were sent',
      { cfg_scale: 7.0, subseed_strength: 0.25, override_settings: { a: [1, 2.5] } },
    ],
  ])('holds %s', async (_, more) => {
    const body = { ...REQUEST, ...more, override_settings: {} }
    const { told, answered } = await readBoth('/sdapi/v1/txt2img', body)
    expect(told).toEqual(answered)
    expect(Object.keys(told ?? {})).toEqual(['images', 'parameters', 'info'])
    expect(answered).toMatchObject({ parameters: { prompt: 'a cat', n_iter: 2 } })
  })

  it('leaves source pictures out, or echoes them where they are asked for', async () => {
    const body = { ...REQUEST, init_images: [picture] }
    const without = await readBoth('/sdapi/v1/img2img', body)
    expect(without.told).toEqual(without.answered)
    expect(without.told).toMatchObject({ parameters: { init_images: null } })
    const large = await sharp({
      create: {
        width: 96,
        height: 96,
        channels: 3,
        background: '#000',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .png()
      .toBuffer()
    const asked = { ...body, init_images: [large.toString('base64')], include_init_images: true }
    const withThem = await readBoth('/sdapi/v1/img2img', asked)
    expect(withThem.told).toEqual(withThem.answered)
    expect(withThem.told).toMatchObject({ parameters: { init_images: [large.toString('base64')] } })
  })

  it('is that of a script too', async () => {
    const body = { ...REQUEST, n_iter: 1, prompt: 'a|b', script_name: 'prompt matrix' }
    const args = [false, false, 'positive', 'comma', 0]
    const { told, answered } = await readBoth('/sdapi/v1/txt2img', { ...body, script_args: args })
    expect(told).toEqual(answered)
    expect(Object.keys(told ?? {})).toEqual(['images', 'parameters', 'info'])
    expect(answered).toMatchObject({ parameters: { script_name: 'prompt matrix', script_args: args } })
  })

  it('is that of the extras and detection routes too', async () => {
    const single = await readBoth('/sdapi/v1/extra-single-image', { image: picture, upscaling_resize: 1 })
    expect(single.told).toEqual(single.answered)
    expect(Object.keys(single.told ?? {})).toEqual(['html_info', 'image'])
    const batch = await readBoth('/sdapi/v1/extra-batch-images', {
      imageList: [{ data: picture, name: 'a' }],
      upscaling_resize: 1,
    })
    expect(batch.told).toEqual(batch.answered)
    const maps = await readBoth('/controlnet/detect', {
      controlnet_module: 'canny',
      controlnet_input_images: [picture],
    })
    expect(maps.told).toEqual(maps.answered)
    expect(maps.told).toMatchObject({ info: 'Success' })
  })
})
