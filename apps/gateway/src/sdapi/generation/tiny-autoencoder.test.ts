import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const checkpoint = ModelFile.fromPartial({
  ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', identity: 'a' },
})
const halves = ['encoder', 'decoder'].map((half) =>
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_TINY_VAE, name: `taesd_${half}.pth`, identity: half },
  }),
)
const [gateway, without] = [
  await openTestGateway({ models: [checkpoint, ...halves] }),
  await openTestGateway({ models: [checkpoint] }),
]
afterAll(async () => {
  await gateway.close()
  await without.close()
})

const OPTIONS = { sd_vae_encode_method: 'TAESD', sd_vae_decode_method: 'TAESD' }
const send = (request: object, to = gateway) => {
  const small = { steps: 2, width: 64, height: 64, seed: 1, override_settings: OPTIONS }
  return to.request('POST', '/sdapi/v1/txt2img', { ...small, ...request })
}
const infotextOf = async (request: object) => {
  const { info } = (await (await send(request)).json()) as { info: string }
  return (JSON.parse(info) as { infotexts: string[] }).infotexts[0]!
}

// What A1111 1.10.1 answered to the same requests.
describe('the options that name the tiny autoencoder', () => {
  it('are told where it acts: decoding', async () => {
    const text = await infotextOf({})
    expect(text).toContain(', VAE Decoder: TAESD, Version')
    expect(text).not.toContain('VAE Encoder')
  })

  it('are told where it acts: encoding where a picture is enlarged', async () => {
    const hires = { enable_hr: true, denoising_strength: 0.5, hr_upscaler: 'Lanczos' }
    expect(await infotextOf(hires)).toContain('VAE Encoder: TAESD')
    expect(await infotextOf({ ...hires, hr_upscaler: 'Latent' })).not.toContain('VAE Encoder')
  })

  it('are not told of decoding after a second pass', async () => {
    expect(await infotextOf({ enable_hr: true, denoising_strength: 0.5 })).not.toContain('VAE Decoder')
  })

  it('need its files', async () => {
    const answer = await send({}, without)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      error: 'FileNotFoundError',
      errors: expect.stringContaining('taesd_decoder') as string,
    })
  })
})
