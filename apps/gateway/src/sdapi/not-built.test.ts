import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from './test-kit/test-gateway.ts'

describe('interrogate', () => {
  let gateway: TestGateway
  let image: string
  beforeAll(async () => {
    gateway = await openTestGateway()
    const grey = { width: 16, height: 16, channels: 3 as const, background: '#808080' }
    image = (await sharp({ create: grey }).png().toBuffer()).toString('base64')
  })
  afterAll(() => gateway.close())

  // What A1111 1.10.1 answers where its models are not there.
  it.each<[string | undefined, number, object]>([
    [undefined, 200, { caption: '<error>' }],
    ['clip', 200, { caption: '<error>' }],
    ['nope', 404, { detail: 'Model not found' }],
  ])('by the model %s answers as the original does without its models', async (model, status, body) => {
    const answer = await gateway.request('POST', '/sdapi/v1/interrogate', { image, model })
    expect([answer.status, await answer.json()]).toMatchObject([status, body])
  })

  it('by a model that is not there is an error that names it', async () => {
    const answer = await gateway.request('POST', '/sdapi/v1/interrogate', { image, model: 'deepdanbooru' })
    expect([answer.status, await answer.json()]).toMatchObject([500, { error: 'NotImplementedError' }])
  })
})
