import { RefinerPasses } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toFinalSize } from '../test-kit/flat-worker.ts'
import { generationOf, type PlainBody, type RequestWorld } from '../test-kit/plan-request.ts'

describe('the second pass of a generation', () => {
  const base = { enable_hr: true, denoising_strength: 0.5, steps: 12 }
  const hiresOf = (body: PlainBody, world?: RequestWorld) => generationOf({ ...base, ...body }, world).hires

  it('is there only when it is asked for, and never for image to image', () => {
    expect(hiresOf({ enable_hr: false })).toBeUndefined()
    expect(generationOf(base, { isImageToImage: true }).hires).toBeUndefined()
  })

  // webui-api.md 12.3: width, height and resize of the request; size and latent pixels cut away.
  it.each([
    [{ width: 512, height: 768, hr_resize_x: 1024 }, [1024, 1536, 0, 0]],
    [{ width: 512, height: 768, hr_resize_x: 1024, hr_resize_y: 1024 }, [1024, 1536, 0, 64]],
    [{ width: 768, height: 512, hr_resize_x: 1024, hr_resize_y: 1024 }, [1536, 1024, 64, 0]],
    [{ width: 512, height: 768, hr_resize_y: 1536 }, [1024, 1536, 0, 0]],
    [{ width: 100, height: 50, hr_scale: 1.57 }, [157, 78, 0, 0]],
    [{ width: 512, height: 512, firstphase_width: 64, firstphase_height: 96 }, [128, 192, 0, 0]],
  ])('of %j enlarges and cuts to %j', (body, expected) => {
    const { width, height, cropColumns, cropRows } = hiresOf(body)!
    expect([width, height, cropColumns, cropRows]).toEqual(expected)
  })

  // Sizes of the pictures A1111 1.10.1 answered with (txt2img.jsonl: hr-resize, hr-resize-x, firstphase).
  it.each([
    [{ hr_resize_x: 128, hr_resize_y: 96 }, [128, 96]],
    [{ hr_resize_x: 96 }, [96, 96]],
    [{ firstphase_width: 64, firstphase_height: 64 }, [128, 128]],
  ])('of %j ends in pictures of the recorded size', (body, expected) => {
    const { width, height } = toFinalSize(generationOf({ ...base, width: 64, height: 64, ...body }))
    expect([width, height]).toEqual(expected)
  })

  // calculate_target_resolution of A1111 1.10.1 with the option use_old_hires_fix_width_height.
  it.each([
    [{ width: 1024, height: 768 }, [640, 448], [1097, 768, 9, 0]],
    [{ width: 512, height: 512 }, [512, 512], [512, 512, 0, 0]],
    [{ width: 1920, height: 1088 }, [704, 448], [1920, 1221, 0, 16]],
    [{ width: 768, height: 1344 }, [448, 704], [855, 1344, 10, 0]],
    [{ width: 2048, height: 512 }, [1024, 256], [2048, 512, 0, 0]],
  ])(
    'of %j in the old way follows a first pass of %j, and enlarges and cuts to %j',
    (body, first, second) => {
      const options = { use_old_hires_fix_width_height: true }
      const job = generationOf({ ...base, ...body }, { options })
      const { width, height, cropColumns, cropRows } = job.hires!
      expect([job.width, job.height]).toEqual(first)
      expect([width, height, cropColumns, cropRows]).toEqual(second)
      const text = `Size: ${first.join('x')}, `
      expect(job.images[0]!.infotext).toContain(text)
      expect(job.images[0]!.infotext).toContain(`Hires resize: ${body.width}x${body.height}`)
      expect(generationOf(body, { options })).toMatchObject(body)
    },
  )

  it('never ends smaller than the size it was asked to reach', () => {
    const side = fc.integer({ min: 64, max: 512 })
    const target = fc.integer({ min: 8, max: 128 }).map((cells) => cells * 8)
    fc.assert(
      fc.property(side, side, target, target, (width, height, hr_resize_x, hr_resize_y) => {
        const hires = hiresOf({ width, height, hr_resize_x, hr_resize_y })!
        expect(hires.width - hires.cropColumns * 8).toBeGreaterThanOrEqual(hr_resize_x)
        expect(hires.height - hires.cropRows * 8).toBeGreaterThanOrEqual(hr_resize_y)
        expect(Math.min(hires.cropColumns, hires.cropRows)).toBe(0)
      }),
    )
  })

  it('repeats the first one where nothing of its own is said', () => {
    expect(hiresOf({ sampler_name: 'Euler a', scheduler: 'Karras', negative_prompt: 'dull' })).toMatchObject({
      ...{ prompt: 'a fox', negativePrompt: 'dull', strength: 0.5, checkpoint: undefined },
      sampling: { sampler: 'euler_ancestral', schedule: 'karras', steps: 12 },
      upscaler: { name: 'Latent' },
    })
  })

  it('has what is said of it alone', () => {
    const own = {
      ...{ hr_prompt: 'a <lora:tinylora:0.5> cat', hr_negative_prompt: 'bad', hr_second_pass_steps: 3 },
      ...{ hr_sampler_name: 'Heun', hr_scheduler: 'Exponential', hr_upscaler: 'Lanczos' },
      hr_checkpoint_name: 'sub/tiny-b.safetensors',
    }
    const { loras, hires } = generationOf({ ...base, ...own })
    expect(hires).toMatchObject({
      ...{ prompt: 'a <lora:tinylora:0.5> cat', negativePrompt: 'bad' },
      sampling: { sampler: 'heun', schedule: 'exponential', steps: 3 },
      ...{ upscaler: { name: 'Lanczos' }, checkpoint: { name: 'sub/tiny-b.safetensors' } },
      loras: [{ file: { name: 'tinylora.safetensors' }, denoiserStrength: 0.5 }],
    })
    expect(loras).toEqual([])
  })

  it('has the plain schedule in place of one that is not there', () => {
    expect(hiresOf({ hr_scheduler: 'nonsense' })?.sampling?.schedule).toBe('uniform')
  })
})

describe('the refiner of a generation', () => {
  const refinerOf = (body: PlainBody, options: PlainBody = {}) => generationOf(body, { options }).refiner
  const refiner = { refiner_checkpoint: 'sub/tiny-b.safetensors', refiner_switch_at: 0.8 }

  it.each([[''], ['None'], ['none'], [null]])('is none for %j', (refiner_checkpoint) => {
    expect(refinerOf({ ...refiner, refiner_checkpoint })).toBeUndefined()
  })

  it('takes over at the first step where no share is given', () => {
    expect(refinerOf({ ...refiner, refiner_switch_at: null })?.switchAt).toBe(0)
    expect(refinerOf(refiner)).toMatchObject({ switchAt: 0.8, bySteps: false })
  })

  it.each([
    ['first pass', RefinerPasses.REFINER_PASSES_FIRST],
    ['second pass', RefinerPasses.REFINER_PASSES_SECOND],
    ['both passes', RefinerPasses.REFINER_PASSES_BOTH],
  ])('acts in the passes that the option says: %s', (hires_fix_refiner_pass, passes) => {
    expect(refinerOf(refiner, { hires_fix_refiner_pass })?.passes).toBe(passes)
  })
})
