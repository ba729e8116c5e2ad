import { ModelFile, ModelKind } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const file = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', identity: 'a', family: 'sd1' }
const gateway = await openTestGateway({ models: [ModelFile.fromPartial(file)] })
afterAll(() => gateway.close())

async function outpaint(content: unknown): Promise<string[]> {
  const grey = sharp({ create: { width: 64, height: 64, channels: 3, background: '#808080' } })
  const request = {
    init_images: [(await grey.png().toBuffer()).toString('base64')],
    ...{ prompt: 'a', steps: 2, width: 64, height: 64, seed: 1, subseed: 1 },
    ...{ script_name: "poor man's outpainting", script_args: [16, 4, content, ['left']] },
  }
  const answer = await gateway.request('POST', '/sdapi/v1/img2img', request)
  const { info } = (await answer.json()) as { info: string }
  return (JSON.parse(info) as { infotexts: string[] }).infotexts
}

describe("poor man's outpainting", () => {
  it('takes what the new part holds by its number and by its label', async () => {
    const named = await outpaint('latent noise')
    expect(named[0]).toContain('Masked content: latent noise')
    expect(await outpaint(2)).toEqual(named)
  })
})
