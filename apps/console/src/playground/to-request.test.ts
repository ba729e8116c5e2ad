import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from './settings.ts'
import { toRequest } from './to-request.ts'

const FORM = { ...DEFAULT_SETTINGS, prompt: 'a cat', width: 256, height: 192, checkpoint: 'demo' }

describe('toRequest', () => {
  it('asks for a picture from text with the checkpoint for this once', () => {
    const { path, body } = toRequest(FORM, {})
    expect(path).toBe('sdapi/v1/txt2img')
    expect(body).toMatchObject({
      ...{ prompt: 'a cat', width: 256, height: 192, steps: 20, cfg_scale: 7, seed: -1 },
      override_settings: { sd_model_checkpoint: 'demo', CLIP_stop_at_last_layers: 1 },
      override_settings_restore_afterwards: true,
    })
    expect(body).not.toHaveProperty('enable_hr')
    expect(body).not.toHaveProperty('denoising_strength')
  })

  it('takes the size of the checkpoint where the form leaves it open', () => {
    const { body } = toRequest({ ...FORM, width: 0, height: 0 }, {}, { width: 1024, height: 768 })
    expect(body).toMatchObject({ width: 1024, height: 768 })
    expect(toRequest({ ...FORM, width: 0, height: 0 }, {}).body).toMatchObject({ width: 512, height: 512 })
  })

  it("asks for a second pass with that pass's own strength", () => {
    const { body } = toRequest({ ...FORM, hires: true, hiresStrength: 0.4 }, {})
    expect(body).toMatchObject({
      enable_hr: true,
      hr_scale: 2,
      hr_upscaler: 'Latent',
      denoising_strength: 0.4,
    })
  })

  it('draws over a picture, and over its masked part alone where there is a mask', () => {
    const source = 'data:image/png;base64,AA=='
    const whole = toRequest({ ...FORM, mode: 'image', hires: true }, { source })
    expect(whole.path).toBe('sdapi/v1/img2img')
    expect(whole.body).toMatchObject({ init_images: [source], denoising_strength: 0.75 })
    expect(whole.body).not.toHaveProperty('mask')
    expect(whole.body).not.toHaveProperty('enable_hr')
    const masked = toRequest({ ...FORM, mode: 'image' }, { source, mask: 'data:mask' })
    expect(masked.body).toMatchObject({ mask: 'data:mask', inpainting_fill: 1, inpaint_full_res: false })
  })

  it('enlarges a picture', () => {
    const { path, body } = toRequest({ ...FORM, mode: 'upscale', upscaleFactor: 4 }, { source: 'data:x' })
    expect(path).toBe('sdapi/v1/extra-single-image')
    expect(body).toEqual({ image: 'data:x', resize_mode: 0, upscaling_resize: 4, upscaler_1: 'Lanczos' })
  })
})
