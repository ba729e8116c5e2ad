import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const gateway = await openTestGateway({
  models: [
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', embeddingWidth: 64 },
      ...{ identity: 'a', sha256: 'a'.repeat(64) },
    }),
    ...['one', 'two'].map((name) =>
      ModelFile.fromPartial({
        ...{ kind: ModelKind.MODEL_KIND_EMBEDDING, name: `${name}.pt`, identity: name },
        ...{ embeddingWidth: 64, embeddingVectors: 1, sha256: name.repeat(20) },
      }),
    ),
  ],
})
afterAll(() => gateway.close())

async function infotextOf(request: object): Promise<string> {
  const response = await gateway.app.request('http://127.0.0.1:7860/sdapi/v1/txt2img', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ steps: 2, width: 64, height: 64, seed: 1, ...request }),
  })
  const { info } = (await response.json()) as { info: string }
  return (JSON.parse(info) as { infotexts: string[] }).infotexts[0]!
}

// What A1111 1.10.1 answered to the same requests.
describe('an infotext', () => {
  it.each([
    [
      'one AND two AND one two',
      'one',
      'one: oneoneoneone, two: twotwotwotwo, two: twotwotwotwo, one: oneoneoneone, one: oneoneoneone',
    ],
    ['two', 'one', 'two: twotwotwotwo, one: oneoneoneone'],
    ['one', '', 'one: oneoneoneone'],
    // A part's leading space makes it another text, the trailing one does not.
    ['one AND one AND one', '', 'one: oneoneoneone, one: oneoneoneone'],
  ])(
    'tells embeddings by each text that is encoded with them: "%s" without "%s"',
    async (prompt, without, hashes) => {
      expect(await infotextOf({ prompt, negative_prompt: without })).toContain(`TI hashes: "${hashes}"`)
    },
  )

  it.each([
    [{ steps: 2, s_min_uncond: 1.5 }, true],
    // The only odd evaluation of three lies at sigma 1.6.
    [{ steps: 3, s_min_uncond: 1.5 }, false],
    [{ steps: 3, s_min_uncond: 1.7 }, true],
    [{ steps: 3, s_min_uncond: 1, override_settings: { s_min_uncond_all: true } }, true],
    [{ steps: 20, s_min_uncond: 0.5, sampler_name: 'UniPC' }, false],
    [{ steps: 20, s_min_uncond: 0.5, sampler_name: 'DPM++ 2M' }, true],
    [{ steps: 20 }, false],
  ])('tells NGMS where it has an effect: %j', async (request, isTold) => {
    const told = (await infotextOf(request)).includes('NGMS: ')
    expect(told).toBe(isTold)
  })

  it('tells the extra noise of a second pass', async () => {
    const request = { override_settings: { img2img_extra_noise: 0.05 }, sampler_name: 'PLMS' }
    const hires = { enable_hr: true, denoising_strength: 0.4, hr_upscaler: 'Latent' }
    expect(await infotextOf({ ...request, ...hires })).toContain('Hires upscaler: Latent, Extra noise: 0.05')
    expect(await infotextOf(request)).not.toContain('Extra noise')
  })

  it('tells samplers of timesteps that discard the last sigma but one', async () => {
    const override_settings = { always_discard_next_to_last_sigma: true }
    expect(await infotextOf({ sampler_name: 'DDIM', override_settings })).toContain(
      'Discard penultimate sigma: True',
    )
  })
})
