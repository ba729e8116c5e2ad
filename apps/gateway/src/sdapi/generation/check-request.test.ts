import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const checkpoint = ModelFile.fromPartial({
  ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', identity: 'a' },
})
const gateway = await openTestGateway({ models: [checkpoint] })
afterAll(() => gateway.close())

const ask = async (request: object) => {
  const small = { prompt: '', steps: 2, width: 64, height: 64, seed: 1 }
  const answer = await gateway.request('POST', '/sdapi/v1/txt2img', { ...small, ...request })
  return { status: answer.status, body: (await answer.json()) as { error: string; errors: string } }
}

describe('a second pass that cannot be run', () => {
  const NOTHING = 'Input and output sizes should be greater than 0, but got input (H: 8, W: 8) output'
  it.each([
    [{ hr_scale: 0 }, 'RuntimeError', `${NOTHING} (H: 0, W: 0)`],
    [{ hr_scale: -1 }, 'RuntimeError', `${NOTHING} (H: -8, W: -8)`],
    [{ hr_scale: -1, hr_upscaler: 'Lanczos' }, 'ValueError', 'height and width must be > 0'],
    [{ hr_resize_x: -64, hr_resize_y: 64 }, 'RuntimeError', `${NOTHING} (H: 8, W: -8)`],
    [{ hr_scale: 1000 }, 'ValueError', 'height of the second pass must be at most 8192, got 64000'],
    [{ hr_resize_x: 1e9 }, 'ValueError', 'height of the second pass must be at most 8192, got 1000000000'],
    [
      { hr_second_pass_steps: 1e9 },
      'ValueError',
      'hr_second_pass_steps must be at most 10000, got 1000000000',
    ],
    [{ hr_second_pass_steps: -1 }, 'RuntimeError', 'number of steps must be non-negative'],
  ])('%j is refused before anything runs', async (request, error, errors) => {
    const { status, body } = await ask({ enable_hr: true, denoising_strength: 0.5, ...request })
    expect([status, body]).toMatchObject([500, { error, errors }])
  })
})

describe('a body', () => {
  it.each([['['], ['{"a":']])('of many %s is refused as one that cannot be parsed', async (opening) => {
    const answer = await gateway.request('POST', '/sdapi/v1/txt2img', opening.repeat(100_000), {
      'content-type': 'application/json',
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ detail: 'There was an error parsing the body' })
  })
})
