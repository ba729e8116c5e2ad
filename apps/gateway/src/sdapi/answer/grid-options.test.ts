import { ModelFile, ModelKind } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const file = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', identity: 'a', family: 'sd1' }
const gateway = await openTestGateway({ models: [ModelFile.fromPartial(file)] })
afterAll(() => gateway.close())

async function draw(count: number, override_settings: object, more: object = {}) {
  const request = {
    prompt: 'a',
    steps: 2,
    width: 64,
    height: 64,
    seed: 1,
    save_images: true,
    batch_size: count,
  }
  const answer = await gateway.request('POST', '/sdapi/v1/txt2img', {
    ...request,
    override_settings,
    ...more,
  })
  const { images, info } = (await answer.json()) as { images: string[]; info: string }
  const { width, height } = await sharp(Buffer.from(images[0]!, 'base64')).metadata()
  const { index_of_first_image, infotexts } = JSON.parse(info) as {
    index_of_first_image: number
    infotexts: string[]
  }
  return { images: images.length, first: [width, height], index_of_first_image, texts: infotexts.length }
}

// What A1111 1.10.1 answered to the same requests.
describe('options of the grid that a request overrides', () => {
  it('lay it out', async () => {
    expect(await draw(4, {})).toMatchObject({ images: 5, first: [128, 128] })
    expect(await draw(4, { n_rows: 1 })).toMatchObject({ images: 5, first: [256, 64] })
    expect(await draw(3, { n_rows: 0 })).toMatchObject({ images: 4, first: [64, 192] })
    expect(await draw(3, { grid_prevent_empty_spots: true })).toMatchObject({ first: [192, 64] })
  })

  it('keep it out of the answer', async () => {
    const wanted = { images: 2, first: [64, 64], index_of_first_image: 0, texts: 2 }
    expect(await draw(2, { return_grid: false })).toEqual(wanted)
  })

  it('ask for one of a single picture', async () => {
    const wanted = { images: 2, first: [64, 64], index_of_first_image: 1, texts: 2 }
    expect(await draw(1, { grid_only_if_multiple: false })).toEqual(wanted)
  })

  it('do not take away what a script puts together', async () => {
    const script = { script_name: 'prompt matrix', script_args: [false, false, 'positive', 'comma', 0] }
    const answer = await draw(1, { return_grid: false }, { ...script, prompt: 'a|b' })
    expect(answer).toMatchObject({ images: 3, index_of_first_image: 1 })
  })
})
