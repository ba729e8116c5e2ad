import { AsidePicture, ImageFormat, ModelFile, ModelKind, Surface, type ModelRef } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { parseSurfaceNote } from '../answer/surface-note.ts'
import { generationOf, indexOf, planBody, type PlainBody } from '../test-kit/plan-request.ts'
import { RECORDED_MODELS } from '../test-kit/recorded-world.ts'
import { listFiles, toJob } from './to-job.ts'

describe('the images of a generation', () => {
  it('are seeded one after the other, over all batches', () => {
    const { images, batchSize } = generationOf({ seed: 42, subseed: 7, batch_size: 2, n_iter: 2 })
    expect(batchSize).toBe(2)
    expect(images.map(({ seed }) => seed)).toEqual([42n, 43n, 44n, 45n])
    expect(images.map(({ subseed }) => subseed)).toEqual([7n, 8n, 9n, 10n])
  })

  it('share a seed where the variation seed counts', () => {
    const { images } = generationOf({ seed: 42, subseed: 7, subseed_strength: 0.5, batch_size: 3 })
    expect(images.map(({ seed, subseed }) => [seed, subseed])).toEqual([
      [42n, 7n],
      [42n, 8n],
      [42n, 9n],
    ])
  })

  it('draw the seeds that are not given once, below the limit of the original', () => {
    const world = { random: () => 0.999_999_999_9 }
    const { images } = generationOf({ seed: -1, batch_size: 2 }, world)
    expect(images[1]!.seed - images[0]!.seed).toBe(1n)
    expect(images[0]!.seed).toBe(4_294_967_293n)
  })

  // `torch.Generator().manual_seed(-5).initial_seed()` is 18446744073709551611.
  it('read a negative seed as torch does', () => {
    expect(generationOf({ seed: -5 }).images[0]?.seed).toBe(18_446_744_073_709_551_611n)
  })

  it('carry what is theirs in their texts', () => {
    const { images } = generationOf({ seed: 42, batch_size: 2, subseed: 3, subseed_strength: 0.1 })
    expect(images.map(({ infotext }) => /Variation seed: \d+/.exec(infotext)?.[0])).toEqual([
      'Variation seed: 3',
      'Variation seed: 4',
    ])
  })

  // A1111 1.10.1 told these prompts in its `info` (txt2img.jsonl: styles, styles-wrap, comments).
  it.each([
    [
      { styles: ['Moody', 'NegOnly'], negative_prompt: 'x' },
      ['a red fox, autumn, dark clouds', 'x, bright, lowres, jpeg'],
    ],
    [{ styles: ['nothing of that name'] }, ['a red fox, autumn', '']],
    [{ prompt: 'a # note\nb' }, ['a \nb', '']],
    [{ prompt: 'a # b', override_settings: { enable_prompt_comments: false } }, ['a # b', '']],
  ])('have the prompts of %j', (body, expected) => {
    const [image] = generationOf({ prompt: 'a red fox, autumn', ...body }).images
    expect([image?.prompt, image?.negativePrompt]).toEqual(expected)
  })
})

describe('the output of a generation', () => {
  const outputOf = (body: PlainBody, options: PlainBody = {}) => generationOf(body, { options }).output
  const jpeg = { override_settings: { samples_format: 'jpg' } }

  // Formats of the pictures A1111 1.10.1 answered with (txt2img.jsonl: ov-jpg-restored, ov-jpg-kept, ov-webp-kept).
  it.each([
    [jpeg, ImageFormat.IMAGE_FORMAT_PNG],
    [{ ...jpeg, override_settings_restore_afterwards: false }, ImageFormat.IMAGE_FORMAT_JPEG],
    [
      { override_settings: { samples_format: 'webp' }, override_settings_restore_afterwards: false },
      ImageFormat.IMAGE_FORMAT_WEBP,
    ],
  ])('of %j has the recorded format', (body, format) => {
    expect(outputOf(body)?.format).toBe(format)
  })

  it('refuses a format that cannot be written, as the original does', () => {
    expect(() => outputOf({}, { samples_format: 'avif' })).toThrow('Invalid image format')
  })

  it('leaves texts out where the request’s options say so', () => {
    expect(outputOf({ override_settings: { enable_pnginfo: false } })?.omitMetadata).toBe(true)
  })

  it('lists pictures of the way only where pictures are saved', () => {
    const options = { save_images_before_highres_fix: true, save_mask: true }
    expect(outputOf({ save_images: true }, options)?.asides).toEqual([
      AsidePicture.ASIDE_PICTURE_BEFORE_SECOND_PASS,
      AsidePicture.ASIDE_PICTURE_MASK,
    ])
    expect(outputOf({ save_images: false }, options)?.asides).toEqual([])
    expect(outputOf({ save_images: true }, { ...options, samples_save: false })?.asides).toEqual([])
  })
})

describe('the files of a generation', () => {
  const embedding = (text: string) => generationOf({ prompt: text }).embeddings.map(({ name }) => name)

  it('hold the embeddings whose names stand in the prompts and that fit the checkpoint', () => {
    expect(embedding('a tinyemb, bigemb')).toEqual(['tinyemb.pt'])
    expect(embedding('a tinyember')).toEqual([])
  })

  it('hold those of the second pass’s prompts where there is one', () => {
    const body = { hr_prompt: 'tinyemb', denoising_strength: 0.5 }
    const names = (enable_hr: boolean) => generationOf({ ...body, enable_hr }).embeddings.length
    expect([names(true), names(false)]).toEqual([1, 0])
  })

  it('hold a VAE that is chosen, and none for one that is not there', () => {
    const vaeOf = (sd_vae: string) => generationOf({ override_settings: { sd_vae } }).vae?.name
    expect(vaeOf('tiny-vae.safetensors')).toBe('tiny-vae.safetensors')
    expect(vaeOf('nope.pt')).toBeUndefined()
  })

  it('are listed whole, the checkpoint first', () => {
    const upscaler = ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_UPSCALER, name: 'x4.pth', identity: 'x4', family: 'esrgan' },
    })
    const generation = generationOf(
      {
        ...{ prompt: 'tinyemb <lora:tinylora:1>', hr_prompt: '<lora:plain lora, v1:1>', enable_hr: true },
        ...{
          denoising_strength: 0.5,
          hr_upscaler: 'x4',
          refiner_checkpoint: 'tiny-b',
          refiner_switch_at: 0.5,
        },
        ...{ hr_checkpoint_name: 'tiny-b', override_settings: { sd_vae: 'tiny-vae.safetensors' } },
      },
      { files: [...RECORDED_MODELS, upscaler] },
    )
    const listed = listFiles(generation)
    expect(listed[0]).toEqual(generation.checkpoint)
    expect(listed.map(toText).sort()).toEqual(findRefs(generation).map(toText).sort())
    expect(listed).toHaveLength(8)
  })
})

const toText = ({ kind, name }: ModelRef) => `${kind} ${name}`

/** Every reference to a file, wherever in a message it stands. */
function findRefs(value: unknown): ModelRef[] {
  if (typeof value !== 'object' || value === null) return []
  if ('identity' in value && 'kind' in value) return [value as ModelRef]
  return Object.values(value).flatMap(findRefs)
}

describe('the job of a generation', () => {
  const plan = planBody({ prompt: 'a fox', seed: 5 })
  const models = indexOf(RECORDED_MODELS)
  const identity = { id: 'job-1', publicId: 'task(1)', requestDigest: 'd', tenant: 'ada', now: 1234 }
  const echo = { route: 'txt2img', changed: new Map([['seed', 5n]]) } as const
  const job = toJob(plan, { sources: [], echo }, models, identity)

  it('says who asked, when, through which surface and for which files', () => {
    expect(job).toMatchObject({
      ...{ id: 'job-1', publicId: 'task(1)', requestDigest: 'd', tenant: 'ada', submittedAtMs: 1234 },
      surface: Surface.SURFACE_SDAPI,
      models: [{ name: 'tiny-a.safetensors' }],
    })
  })

  it('brings along what its answer tells', () => {
    const note = parseSurfaceNote(job.surfaceNote)
    expect(note.echo).toEqual(echo)
    expect(note.info.get('seed')).toBe(5n)
    expect(note.info.get('sd_model_name')).toBe('tiny-a')
  })
})
