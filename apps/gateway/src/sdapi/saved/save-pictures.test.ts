import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

// Names: recorded from A1111 v1.10.1 (fixtures/webui-wire, filenames.jsonl), whose rows the wire bench replays whole.
const REQUEST = { prompt: 'a red fox, autumn', steps: 3, width: 64, height: 64, seed: 42, save_images: true }

describe('saved pictures', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openTestGateway(toRecordedOptions('filenames'))
  })
  afterEach(() => gateway.close())

  const save = async (options: object, request: object = {}) => {
    await gateway.request('POST', '/sdapi/v1/options', { directories_filename_pattern: '[none]', ...options })
    return gateway.request('POST', '/sdapi/v1/txt2img', { ...REQUEST, ...request })
  }
  const list = (folder = 'outputs/txt2img-images') => {
    const path = join(gateway.deps.config.ATELIER_DATA, folder)
    return existsSync(path) ? readdirSync(path).sort() : []
  }

  it.each([
    ['', '00000-42.png'],
    ['[seed]-[prompt_words]', '00000-42-a red fox autumn.png'],
    ['[steps]x[cfg]', '00000-3x7.0.png'],
    ['[sampler_scheduler]', '00000-Euler Automatic.png'],
    ['[prompt]', '00000-a_red_fox,_autumn.png'],
    ['[prompt_hash<4>]', 'four digits of the hash'],
    ['[hasprompt<fox|cat><zebra|none>]', '00000-foxnone.png'],
    ['[clip_skip]-[denoising]', '00000-1.png'],
    ['[seed_first]-[seed_last]', '00000-42.png'],
    ['[batch_number]', '00000.png'],
    ['[unknown]-[seed]', '00000-[unknown]-42.png'],
    ['[vae_filename]', '00000-NoneType.png'],
    ['a.b.', '00000-a.b..png'],
    ['  x  ', '00000-  x  .png'],
  ])('are named by the pattern %j', async (pattern, name) => {
    await save({ samples_filename_pattern: pattern })
    if (pattern.includes('hash')) expect(list()[0]).toMatch(/^00000-[0-9a-f]{4}\.png$/)
    else expect(list()).toEqual([name])
  })

  it('are named by the hash of their pixels, whole or its beginning', async () => {
    await save({ samples_filename_pattern: '[image_hash]-[Image_Hash<8>]' })
    const [name = ''] = list()
    const path = join(gateway.deps.config.ATELIER_DATA, 'outputs/txt2img-images', name)
    const pixels = await sharp(readFileSync(path)).raw().toBuffer()
    const hash = createHash('sha256').update(pixels).digest('hex')
    expect(name).toBe(`00000-${hash}-${hash.slice(0, 8)}.png`)
  })

  it('are numbered on, whatever the rest of their names', async () => {
    await save({})
    await save({ samples_filename_pattern: '[none]' })
    await save({ samples_filename_pattern: '' }, { seed: 7 })
    expect(list()).toEqual(['00000-42.png', '00001.png', '00002-7.png'])
  })

  it('hold what the answer holds', async () => {
    const answer = (await (await save({})).json()) as { images: string[] }
    const path = join(gateway.deps.config.ATELIER_DATA, 'outputs/txt2img-images/00000-42.png')
    expect(readFileSync(path).toString('base64')).toBe(answer.images[0])
  })

  it('come with a grid and, where the options say so, with their texts', async () => {
    await save({ save_txt: true }, { batch_size: 2 })
    expect(list()).toEqual(['00000-42.png', '00000-42.txt', '00001-43.png', '00001-43.txt'])
    expect(list('outputs/txt2img-grids')).toEqual(['grid-0000.png', 'grid-0000.txt'])
  })

  it('stay away where the request or the options do not want them', async () => {
    await save({}, { save_images: false })
    await save({ samples_save: false })
    expect(list()).toEqual([])
  })

  it.each([
    { outdir_samples: '../elsewhere' },
    { outdir_samples: '/tmp' },
    { samples_filename_pattern: '../../../x' },
  ])('never leave the data folder: %j', async (options) => {
    const answer = await save({ save_images_add_number: false, ...options })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: 'PermissionError' })
  })

  it('fail as the original does where a name has a folder that is not there', async () => {
    const answer = await save({ samples_filename_pattern: 'sub/[seed]' })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: 'FileNotFoundError' })
  })

  const picture = async (width: number, height: number) => {
    const grey = { width, height, channels: 3 as const, background: '#808080' }
    return (await sharp({ create: grey }).png().toBuffer()).toString('base64')
  }
  const inpaint = async (options: object, request: object = {}) => {
    await gateway.request('POST', '/sdapi/v1/options', { directories_filename_pattern: '[none]', ...options })
    const pictures = { init_images: [await picture(64, 64)], mask: await picture(64, 64) }
    return gateway.request('POST', '/sdapi/v1/img2img', { ...REQUEST, ...pictures, ...request })
  }

  // The name: recorded from A1111 (filenames.jsonl).
  it('come with what the first of two passes made, before it, where the options say so', async () => {
    const answer = await save(
      { save_images_before_highres_fix: true },
      { enable_hr: true, denoising_strength: 0.5 },
    )
    expect(list()).toEqual(['00000-42-before-highres-fix.png', '00001-42.png'])
    expect(((await answer.json()) as { images: string[] }).images).toHaveLength(1)
  })

  it('come with their masks and the repainted parts, which the answer does not hold', async () => {
    const answer = await inpaint({ save_mask: true, save_mask_composite: true })
    expect(list('outputs/img2img-images')).toEqual([
      '00000-42.png',
      '00001-42-mask.png',
      '00002-42-mask-composite.png',
    ])
    expect(((await answer.json()) as { images: string[] }).images).toHaveLength(1)
  })

  it('come with masks that are answered and saved both', async () => {
    const answer = await inpaint({ save_mask: true, return_mask: true }, { batch_size: 2 })
    expect(list('outputs/img2img-images')).toEqual([
      '00000-42.png',
      '00001-42-mask.png',
      '00002-43.png',
      '00003-43-mask.png',
    ])
    expect(((await answer.json()) as { images: string[] }).images).toHaveLength(5)
  })

  it('leave nothing of the way there where results are not saved', async () => {
    await inpaint({ save_mask: true, img2img_color_correction: true }, { save_images: false })
    await save(
      { save_images_before_highres_fix: true, samples_save: false },
      { enable_hr: true, denoising_strength: 0.5 },
    )
    expect(list('outputs/img2img-images')).toEqual([])
    expect(list()).toEqual([])
  })

  it('come with their colours as they were drawn', async () => {
    await inpaint({ save_images_before_color_correction: true, img2img_color_correction: true })
    expect(list('outputs/img2img-images')).toEqual(['00000-42-before-color-correction.png', '00001-42.png'])
  })

  it('come after their source under the hash of its pixels, whether they are saved or not', async () => {
    await inpaint({ save_init_img: true }, { save_images: false })
    expect(list('outputs/init-images')).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.png$/)])
    const refused = await inpaint({ save_init_img: true, outdir_init_images: '../elsewhere' })
    expect(await refused.json()).toMatchObject({ error: 'PermissionError' })
  })

  it('are saved once when the same task is asked for twice', async () => {
    await save({}, { force_task_id: 'task(same)' })
    await save({}, { force_task_id: 'task(same)' })
    expect(list()).toEqual(['00000-42.png'])
  })
})
