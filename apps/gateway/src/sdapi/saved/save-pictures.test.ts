import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readUserComment } from '../../images/exif-comment.ts'
import { readPngTexts } from '../../images/read-png-texts.ts'
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
    ['[prompt_hash<x>]-[seed]', '00000-[prompt_hash]-42.png'],
    ['[basename]-[seed]', '00000-img-42.png'],
    ['[datetime<%Y><Etc/UTC>]', `00000-${new Date().getUTCFullYear()}.png`],
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
    if (name.startsWith('four')) expect(list()[0]).toMatch(/^00000-[0-9a-f]{4}\.png$/)
    else expect(list()).toEqual([name])
  })

  // get_scheduler_str of A1111 capitalizes, which makes the other letters small.
  it.each([
    ['SGM Uniform', 'Sgm uniform'],
    ['KL Optimal', 'Kl optimal'],
    ['karras', 'Karras'],
  ])('are named by the schedule %s', async (scheduler, name) => {
    await save({ samples_filename_pattern: '[scheduler]' }, { scheduler })
    expect(list()).toEqual([`00000-${name}.png`])
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

  // What A1111 1.10.1 left in its folder after the same requests.
  describe('above the limits of size', () => {
    const read = async (name: string, folder = 'outputs/txt2img-images') => {
      const file = readFileSync(join(gateway.deps.config.ATELIER_DATA, folder, name))
      const { width, height, format } = await sharp(file).metadata()
      return { size: [width, height], format, comment: readUserComment(file) }
    }

    it('come with a JPEG whose sides are within them, and which tells the same', async () => {
      await save({ target_side_length: 100 }, { width: 256, height: 192 })
      expect(list()).toEqual(['00000-42.jpg', '00000-42.png'])
      const { size, format, comment } = await read('00000-42.jpg')
      expect([size, format]).toEqual([[100, 75], 'jpeg'])
      expect(comment).toContain('Size: 256x192')
    })

    it('keep their sides where the file alone is too heavy', async () => {
      await save({ img_downscale_threshold: 0.0001 })
      expect((await read('00000-42.jpg')).size).toEqual([64, 64])
    })

    it('stay alone where the options do not want it', async () => {
      await save({ target_side_length: 10, export_for_4chan: false })
      expect(list()).toEqual(['00000-42.png'])
    })

    it('are replaced by it where they are JPEGs themselves', async () => {
      await save({ target_side_length: 32, samples_format: 'jpg' })
      expect(list()).toEqual(['00000-42.jpg'])
      expect((await read('00000-42.jpg')).size).toEqual([32, 32])
    })
  })

  it('without numbers take the place of one another, or stand beside, as the options say', async () => {
    await save({ save_images_add_number: false })
    await save({ save_images_add_number: false })
    expect(list()).toEqual(['42.png'])
    await save({ save_images_add_number: false, save_images_replace_action: 'Add number suffix' })
    await save({ save_images_add_number: false, save_images_replace_action: 'Add number suffix' })
    expect(list()).toEqual(['42-1.png', '42-2.png', '42.png'])
    const more = { save_images_replace_action: 'Add number suffix', save_images_add_number: false }
    await save({ ...more, samples_filename_pattern: 'x', target_side_length: 32, samples_format: 'jpg' })
    expect(list().filter((name) => name.startsWith('x'))).toEqual(['x-1.jpg', 'x.jpg'])
  })

  it('have the format that an override names, though the answer keeps that of the options', async () => {
    const answer = await save({}, { override_settings: { samples_format: 'jpg' } })
    const path = join(gateway.deps.config.ATELIER_DATA, 'outputs/txt2img-images/00000-42.jpg')
    expect((await sharp(path).metadata()).format).toBe('jpeg')
    const [image = ''] = ((await answer.json()) as { images: string[] }).images
    expect((await sharp(Buffer.from(image, 'base64')).metadata()).format).toBe('png')
  })

  it('have names that file systems take, and no texts where the options do not want them', async () => {
    const options = { samples_filename_pattern: '[prompt]-[prompt]', save_images_add_number: false }
    await save({ ...options, enable_pnginfo: false, samples_format: 'jpg' }, { prompt: 'wört '.repeat(90) })
    const [name = ''] = list()
    expect(name).toMatch(/^(wört_)+.*\.jpg$/)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
  })

  it('have one grid of a plot without an axis Z', async () => {
    const args = [4, '1,2', [], 0, '', [], 0, '', [], true, true, true, false, false, false, false, 0, false]
    await save({ save_txt: true }, { script_name: 'X/Y/Z plot', script_args: args })
    expect(list('outputs/txt2img-grids')).toEqual(['xyz_grid-0000.png', 'xyz_grid-0000.txt'])
  })

  it.each([
    ['jpg', 'jpeg'],
    ['webp', 'webp'],
    ['png', 'png'],
  ])('have a grid in a format of its own, %s, with the text', async (grid_format, format) => {
    const answer = await save({ grid_format, samples_format: 'jpg' }, { batch_size: 2 })
    const folder = join(gateway.deps.config.ATELIER_DATA, 'outputs/txt2img-grids')
    const file = readFileSync(join(folder, `grid-0000.${grid_format}`))
    expect((await sharp(file).metadata()).format).toBe(format)
    const textOf = format === 'png' ? readPngTexts(file).get('parameters') : readUserComment(file)
    expect(textOf).toContain('Seed: 42')
    const [grid = ''] = ((await answer.json()) as { images: string[] }).images
    expect(readUserComment(Buffer.from(grid, 'base64'))).toContain('Seed: 42')
  })

  it('are saved once when the same task is asked for twice', async () => {
    await save({}, { force_task_id: 'task(same)' })
    await save({}, { force_task_id: 'task(same)' })
    expect(list()).toEqual(['00000-42.png'])
  })
})
