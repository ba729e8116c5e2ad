import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const gateway = await openTestGateway({
  models: [
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a.safetensors', family: 'sd1', embeddingWidth: 64 },
      ...{ identity: 'a', sha256: 'a'.repeat(64) },
    }),
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'b.safetensors', family: 'sd1', embeddingWidth: 64 },
      ...{ identity: 'b', sha256: 'b'.repeat(64) },
    }),
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'x.safetensors', family: 'sdxl', embeddingWidth: 64 },
      ...{ identity: 'x', sha256: 'c'.repeat(64) },
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

/** A grey pixel. */
const TINY_PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

async function infotextOf(request: object, index = 0, route = 'txt2img'): Promise<string> {
  const response = await gateway.app.request(`http://127.0.0.1:7860/sdapi/v1/${route}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ steps: 2, width: 64, height: 64, seed: 1, ...request }),
  })
  const { info } = (await response.json()) as { info: string }
  return (JSON.parse(info) as { infotexts: string[] }).infotexts[index]!
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

  it('tells embeddings of SDXL once for each of its two text encoders', async () => {
    const xl = { override_settings: { sd_model_checkpoint: 'x' } }
    const told = await infotextOf({ prompt: 'one two', negative_prompt: 'two', ...xl })
    const [one, two] = ['one: oneoneoneone', 'two: twotwotwotwo']
    expect(told).toContain(`TI hashes: "${[one, two, one, two, two, two].join(', ')}"`)
  })

  // A1111 adds to one list whenever it encodes, and tells it before the second pass and the refiner encode theirs.
  it.each([
    ['one pass', {}, 2, 'A'],
    ['a second pass', { enable_hr: true, denoising_strength: 0.5 }, 0, 'A'],
    ['a second pass', { enable_hr: true, denoising_strength: 0.5 }, 1, 'B, A'],
    ['a second pass', { enable_hr: true, denoising_strength: 0.5 }, 2, 'B, A'],
    [
      'a second pass encoded with the first',
      {
        ...{ enable_hr: true, denoising_strength: 0.5 },
        override_settings: { hires_fix_use_firstpass_conds: true },
      },
      0,
      'B, A',
    ],
    ['a refiner', { refiner_checkpoint: 'b', refiner_switch_at: 0.5 }, 1, 'A, A, A'],
    [
      'a second pass that is refined',
      {
        ...{ enable_hr: true, denoising_strength: 0.5 },
        ...{ refiner_checkpoint: 'b', refiner_switch_at: 0.5 },
      },
      1,
      'B, B, A',
    ],
  ])('tells embeddings each time they are encoded: %s, image %#', async (_, request, index, order) => {
    const words = { prompt: 'one', hr_prompt: 'two', n_iter: 3 }
    const told = { A: 'one: oneoneoneone', B: 'two: twotwotwotwo' }
    const list = order.split(', ').map((letter) => told[letter as 'A' | 'B'])
    const text = await infotextOf({ ...words, ...request }, index)
    expect(/TI hashes: "?([^"]*?)"?, (Refiner|Version)/.exec(text)?.[1]).toBe(list.join(', '))
  })

  it.each([
    [{ s_min_uncond: 1.5 }, ', NGMS: 1.5'],
    [{ s_min_uncond: 1, override_settings: { s_min_uncond_all: true } }, ', NGMS: 1.0, NGMS all steps: True'],
    [{ override_settings: { pad_cond_uncond: true } }, ', Pad conds: True'],
    [{ override_settings: { pad_cond_uncond: true, pad_cond_uncond_v0: true } }, ', Pad conds v0: True'],
    [{ s_min_uncond: 0 }, ''],
  ])('tells what a run may come upon before its version: %j', async (request, told) => {
    const text = await infotextOf({ ...request, override_settings_restore_afterwards: true })
    expect(text).toMatch(new RegExp(`Model: a${told}, Version: `))
  })

  it('tells samplers that discard the last sigma but one only where they do not anyway', async () => {
    const override_settings = { always_discard_next_to_last_sigma: true }
    expect(await infotextOf({ sampler_name: 'DPM++ 3M SDE', override_settings })).not.toContain('penultimate')
  })

  it('tells what the sampler of the second pass adds', async () => {
    const request = { eta: 0.7, enable_hr: true, denoising_strength: 0.4, sampler_name: 'Euler' }
    expect(await infotextOf({ ...request, hr_sampler_name: 'Euler a' })).toContain('Eta: 0.7')
    expect(await infotextOf(request)).not.toContain('Eta')
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

  it('tells neither emphasis nor embeddings where SD1 reads weights from tokens', async () => {
    const override_settings = { use_old_emphasis_implementation: true, emphasis: 'No norm' }
    const text = await infotextOf({ prompt: '(one:1.2)', override_settings })
    expect(text).not.toMatch(/Emphasis|TI hashes/)
  })

  it('tells the multiplier of noise where nothing but noise is drawn over', async () => {
    const override_settings = { sgm_noise_multiplier: true }
    expect(await infotextOf({ override_settings })).toContain('SGM noise multiplier: True')
    const init_images = [TINY_PICTURE]
    const text = await infotextOf({ override_settings, init_images }, 0, 'img2img')
    expect(text).not.toContain('SGM')
  })
})
