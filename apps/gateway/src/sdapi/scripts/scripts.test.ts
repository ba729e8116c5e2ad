import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

interface Answer {
  readonly images: string[]
  readonly info: string
  readonly error?: string
  readonly errors?: string
  readonly detail?: string
}

const BASE = { prompt: 'a red fox', steps: 3, width: 64, height: 64, seed: 42 }
/** Arguments of an X/Y/Z plot without a legend that shows all its pictures. */
const plot = (axes: readonly unknown[], more: readonly unknown[] = []) => {
  const filled = [0, '', [], 0, '', [], 0, '', []].map((value, index) => axes[index] ?? value)
  const rest = [false, true, false, false, false, false, false, 0, false].map(
    (value, index) => more[index] ?? value,
  )
  return { script_name: 'X/Y/Z plot', script_args: [...filled, ...rest] }
}

describe('selectable scripts', () => {
  let gateway: TestGateway
  let picture: string
  beforeEach(async () => {
    gateway = await openTestGateway(toRecordedOptions('txt2img'))
    const grey = { width: 64, height: 48, channels: 3 as const, background: '#808080' }
    picture = (await sharp({ create: grey }).png().toBuffer()).toString('base64')
  })
  afterEach(() => gateway.close())

  const post = async (route: string, request: object): Promise<Answer & { status: number }> => {
    const response = await gateway.request('POST', `/sdapi/v1/${route}`, { ...BASE, ...request })
    return { ...((await response.json()) as Answer), status: response.status }
  }
  const draw = (request: object) => post('txt2img', request)
  const redraw = (request: object) => post('img2img', { init_images: [picture], ...request })
  const infoOf = ({ info }: Answer) => JSON.parse(info) as Record<string, unknown> & { infotexts: string[] }
  const sizeOf = async (image: string | undefined) => {
    const { width, height } = await sharp(Buffer.from(image ?? '', 'base64')).metadata()
    return [width, height]
  }

  it('are one job with a part for each generation', async () => {
    await draw({ ...plot([4, '2-4']), force_task_id: 'task(plot)' })
    const record = await gateway.store.jobs.find('open', 1, 'task(plot)')
    const script = record?.job?.kind?.$case === 'script' ? record.job.kind.value : undefined
    expect(script?.parts.map(({ sampling }) => sampling?.steps)).toEqual([2, 3, 4])
  })

  it('answer a repeated request with what its job made, without another', async () => {
    const request = { ...plot([1, '-1,-1']), seed: -1, force_task_id: 'task(twice)' }
    const [first, second] = [await draw(request), await draw(request)]
    expect(infoOf(second)['all_seeds']).toEqual(infoOf(first)['all_seeds'])
  })

  describe('X/Y/Z plot', () => {
    it('draws every combination and shows grids, sub grids and pictures as asked for', async () => {
      const request = { ...plot([4, '2,3', [], 6, '5,6', [], 24, '1,2'], [false, true, true]) }
      const answer = await draw(request)
      expect(answer.images).toHaveLength(1 + 2 + 8)
      expect(await sizeOf(answer.images[0])).toEqual([256, 128])
      expect(await sizeOf(answer.images[1])).toEqual([128, 128])
      const { infotexts, all_seeds: seeds } = infoOf(answer)
      expect(infotexts).toHaveLength(11)
      expect(infotexts[0]).toContain('Y Type: CFG Scale, Y Values: "5,6", Z Type: Clip skip')
      expect(infotexts[1]).not.toContain('Z Type')
      expect(seeds).toHaveLength(10)
    })

    it('shows one grid alone where nothing else is asked for', async () => {
      const answer = await draw(plot([4, '2,3'], [true, false]))
      expect(answer.images).toHaveLength(1)
      expect(await sizeOf(answer.images[0])).toEqual([128, 73])
    })

    it.each([
      [
        [1, '5,6'],
        ['Seed: 5', 'Seed: 6'],
      ],
      [
        [6, '1-3 (+1)'],
        ['CFG scale: 1.0', 'CFG scale: 2.0', 'CFG scale: 3.0'],
      ],
      [
        [7, 'red,blue'],
        ['a red fox', 'a blue fox'],
      ],
      [
        [8, 'red,fox'],
        ['a red fox', 'a fox red'],
      ],
      [
        [9, '', ['Euler a', 'DDIM']],
        ['Sampler: Euler a', 'Sampler: DDIM'],
      ],
      [
        [11, '', ['tiny-a.safetensors', 'sub/tiny-b.safetensors']],
        ['Model: tiny-a', 'Model: tiny-b'],
      ],
      [
        [17, '', ['Karras', 'Exponential']],
        ['Schedule type: Karras', 'Schedule type: Exponential'],
      ],
      [
        [24, '1,2'],
        ['Model: tiny-a, Version', 'Clip skip: 2'],
      ],
      [
        [29, '', ['None', 'tiny-vae.safetensors']],
        ['Model: tiny-a, Version', 'VAE: tiny-vae.safetensors'],
      ],
      [
        [30, '', ['Moody', 'NegOnly']],
        ['a red fox, dark clouds', 'Negative prompt: lowres, jpeg'],
      ],
      [
        [39, '', ['CPU', 'NV']],
        ['RNG: CPU', 'RNG: NV'],
      ],
      [
        [41, '64x128,128x64'],
        ['Size: 64x128', 'Size: 128x64'],
      ],
    ])('changes along the axis %j', async (axis, texts) => {
      const { infotexts } = infoOf(await draw(plot(axis)))
      texts.forEach((text, index) => expect(infotexts[index + 1]).toContain(text))
    })

    it('counts seeds up along the axes that vary them', async () => {
      const answer = await draw(plot([4, '2,3', [], 6, '5,6'], [false, true, false, false, true, true]))
      const texts = infoOf(answer).infotexts.slice(1)
      expect(texts.map((text) => /Seed: (\d+)/.exec(text)?.[1])).toEqual(['42', '43', '44', '45'])
    })

    it('takes texts for axes with choices where it is asked to', async () => {
      const more = [false, true, false, false, false, false, false, 0, true]
      const { infotexts } = infoOf(await draw(plot([9, 'Euler a, "DDIM"'], more)))
      expect(infotexts[2]).toContain('Sampler: DDIM')
    })

    it('takes the texts of an axis with choices of which none is chosen', async () => {
      const { infotexts } = infoOf(await draw(plot([9, 'Euler a, DDIM', ''])))
      expect(infotexts[2]).toContain('Sampler: DDIM')
    })

    it.each([
      ['without a last argument', []],
      ['with it', [false]],
    ])('takes the arguments there were before seeds varied, %s', async (_, last) => {
      const args = [4, '2,3', '', 9, 'Euler a, LMS', '', 0, '', '', 'True', 'False', 'False', 'False', 2]
      const answer = await draw({ script_name: 'X/Y/Z Plot', script_args: [...args, ...last] })
      expect(answer.status).toBe(200)
      // Texts are true in Python, even "False": pictures and the sub grid are shown, seeds are kept.
      expect(answer.images).toHaveLength(6)
      expect(infoOf(answer).infotexts.at(-1)).toContain('Steps: 3, Sampler: LMS')
      const alike = [...args.slice(0, 13), false, false, false, 2, false]
      const today = await draw({ script_name: 'X/Y/Z Plot', script_args: alike })
      expect(today.images).toEqual(answer.images)
    })

    it.each([
      [[4, 'two'], 'ValueError', "invalid literal for int() with base 10: 'two'"],
      [[6, 'x'], 'ValueError', "could not convert string to float: 'x'"],
      [[7, 'cat,dog'], 'RuntimeError', 'Prompt S/R did not find cat in prompt or negative prompt.'],
      [[9, '', ['Foo']], 'RuntimeError', 'Unknown sampler: Foo'],
      [[11, '', ['nope']], 'RuntimeError', 'Unknown checkpoint: nope'],
      [[999, '1'], 'IndexError', 'list index out of range'],
      [['Foo', '1'], 'TypeError', 'list indices must be integers or slices, not str'],
      [[4, '0'], 'ZeroDivisionError', 'integer division or modulo by zero'],
      [[1, '1-999'], 'ValueError', 'an axis may have at most 256 values, a range has 999'],
      [[43, '1'], 'NotImplementedError', 'the axis [ControlNet] Model is not supported by this server'],
      [[55, '0-4'], 'ValueError', '[Hypertile] Unet Max Depth value "4" out of range [0, 3]'],
      [['[ControlNet] Model', '1'], 'TypeError', 'list indices must be integers or slices, not str'],
    ])('refuses the axis %j', async (axis, error, errors) => {
      expect(await draw(plot(axis))).toMatchObject({ status: 500, error, errors })
    })

    it('refuses a grid that would be too large', async () => {
      const answer = await draw({ ...plot([4, '2-4']), width: 8192, height: 8192 })
      expect(answer).toMatchObject({ status: 500, error: 'AssertionError' })
      expect(answer.errors).toContain('Resulting grid would be too large (201 MPixels)')
    })
  })

  describe('prompt matrix', () => {
    const matrix = (...args: unknown[]) => ({ script_name: 'prompt matrix', script_args: args })

    it('draws batches whose images have prompts of their own', async () => {
      const answer = await draw({
        ...matrix(false, true, 'positive', 'space', 0),
        prompt: 'a|b|c',
        batch_size: 3,
      })
      const info = infoOf(answer)
      expect(info['all_prompts']).toEqual(['a', 'a b', 'a c', 'a b c'])
      expect(info['all_seeds']).toEqual([42, 43, 44, 45])
      expect(answer.images).toHaveLength(5)
    })

    it('combines the parts of the negative prompt', async () => {
      const info = infoOf(
        await draw({ ...matrix(true, false, 'negative', 'comma', 0), negative_prompt: 'x|y' }),
      )
      expect(info['all_negative_prompts']).toEqual(['x', 'y, x'])
      expect(info['all_prompts']).toEqual(['a red fox', 'a red fox'])
    })

    it.each([
      [[false, false, 'both', 'comma', 0], 'Unknown prompt type both'],
      [[false, false, 'positive', 'semicolon', 0], 'Unknown variations delimiter semicolon'],
      [[false, false, 'positive', 'comma', 501], 'margin_size must be between 0 and 500, got 501'],
    ])('refuses %j', async (args, errors) => {
      expect(await draw(matrix(...args))).toMatchObject({ status: 500, error: 'ValueError', errors })
    })

    it('refuses more combinations than a request may have', async () => {
      const answer = await draw({ ...matrix(false, false, 'positive', 'comma', 0), prompt: 'a|'.repeat(20) })
      expect(answer).toMatchObject({ status: 500, error: 'ValueError' })
    })
  })

  describe('prompts from file or textbox', () => {
    const lines = (text: string, ...args: unknown[]) => ({
      script_name: 'prompts from file or textbox',
      script_args: [args[0] ?? false, args[1] ?? false, args[2] ?? 'start', text],
    })

    it('sets what a line sets, and takes a line that cannot be read as a prompt', async () => {
      const text = '--prompt "a  b" c --steps 2 --cfg_scale 3.5 --width 72\n--nonsense 1\n\n--steps'
      const { infotexts } = infoOf(await draw({ ...lines(text), prompt: '' }))
      expect(infotexts).toHaveLength(3)
      expect(infotexts[0]).toContain('a  b c\nSteps: 2')
      expect(infotexts[0]).toContain('CFG scale: 3.5, Seed: 42, Size: 72x64')
      expect(infotexts[1]).toContain('--nonsense 1\nSteps: 3')
      expect(infotexts[2]).toContain('--steps\n')
    })

    it('counts the seed up line by line where it is asked to', async () => {
      const { infotexts } = infoOf(await draw(lines('one\ntwo', true)))
      expect(infotexts.map((text) => /Seed: (\d+)/.exec(text)?.[1])).toEqual(['42', '43'])
    })

    it('gives all lines one drawn seed where it is asked to', async () => {
      const { infotexts } = infoOf(await draw({ ...lines('one\ntwo', false, true), seed: -1 }))
      const seeds = infotexts.map((text) => /Seed: (\d+)/.exec(text)?.[1])
      expect(seeds[0]).toBe(seeds[1])
    })

    it("tells the request's sampler, whatever its lines name", async () => {
      const answer = await draw({ ...lines('one\n--prompt two --sampler_name Heun'), sampler_name: 'Euler' })
      expect(infoOf(answer)).toMatchObject({ sampler_name: 'Euler' })
    })

    it('refuses a text without prompts', async () => {
      expect(await draw(lines(' \n '))).toMatchObject({ status: 500, error: 'ValueError' })
    })
  })

  describe('over pictures', () => {
    it('loopback moves the strength along its curve and shows a row', async () => {
      const request = { script_name: 'Loopback', script_args: [3, 0.25, 'Lazy', 'None'] }
      const answer = await redraw({ ...request, force_task_id: 'task(loop)' })
      const record = await gateway.store.jobs.find('open', 1, 'task(loop)')
      const parts = record?.job?.kind?.$case === 'script' ? record.job.kind.value.parts : []
      const strengths = parts.map(({ source }) => Number(source?.strength.toFixed(4)))
      expect(strengths).toEqual([0.75, 0.6036, 0.25])
      expect(parts.map(({ images }) => images[0]?.seed)).toEqual([42n, 43n, 44n])
      expect(answer.images).toHaveLength(4)
      expect(await sizeOf(answer.images[0])).toEqual([192, 64])
    })

    it('loopback of several batches keeps the last picture of each', async () => {
      const request = { script_name: 'loopback', script_args: [2, 0.5, 'Linear', 'None'], n_iter: 2 }
      await redraw({ ...request, force_task_id: 'task(rows)' })
      const record = await gateway.store.jobs.find('open', 1, 'task(rows)')
      const script = record?.job?.kind?.$case === 'script' ? record.job.kind.value : undefined
      expect(script?.work).toEqual({ $case: 'loopback', value: { loops: 2, keepLast: true } })
      expect(script?.parts).toHaveLength(4)
    })

    it('SD upscale takes batches of tiles', async () => {
      const request = { script_name: 'SD upscale', script_args: ['', 16, 'lanczos', 4], batch_size: 4 }
      const answer = await redraw({ ...request, force_task_id: 'task(up)' })
      const record = await gateway.store.jobs.find('open', 1, 'task(up)')
      const script = record?.job?.kind?.$case === 'script' ? record.job.kind.value : undefined
      // 256x192 in tiles of 64 with at least 16 in common: 5 x 4.
      expect(script?.parts.map(({ images }) => images.length)).toEqual([4, 4, 4, 4, 4])
      expect(script?.parts.map(({ images }) => images[0]?.seed)).toEqual([42n, 43n, 44n, 45n, 46n])
      expect(await sizeOf(answer.images[0])).toEqual([256, 192])
    })

    it('outpainting mk2 rounds the size up and shares what that adds', async () => {
      const request = { script_name: 'outpainting mk2', script_args: ['', 16, 8, ['left', 'down'], 1, 0.05] }
      const answer = await redraw({ ...request, force_task_id: 'task(mk2)' })
      const record = await gateway.store.jobs.find('open', 1, 'task(mk2)')
      const script = record?.job?.kind?.$case === 'script' ? record.job.kind.value : undefined
      expect(script?.parts.map(({ width, height }) => [width, height])).toEqual([
        [64, 64],
        [128, 64],
      ])
      expect(script?.work).toMatchObject({
        $case: 'outpaint',
        value: {
          steps: [
            { side: 1, pixels: 64 },
            { side: 4, pixels: 16 },
          ],
          maskBlur: 8,
        },
      })
      expect(script?.parts[0]?.source?.mask).toMatchObject({
        blurX: 32,
        blurY: 32,
        onlyMasked: false,
        content: 2,
      })
      expect(await sizeOf(answer.images[0])).toEqual([128, 64])
      expect(infoOf(answer).infotexts).toHaveLength(1)
    })

    it.each([
      [
        'SD upscale',
        ['', 64, 'None', 2],
        'ValueError',
        'overlap must be smaller than the tiles (64x64), got 64',
      ],
      ['SD upscale', ['', 8, 'nope', 2], 'ValueError', "'nope' is not in list"],
      ['SD upscale', ['', 8, 99, 2], 'IndexError', 'list index out of range'],
      ['SD upscale', ['', 8, 'None'], 'TypeError', 'scale_factor must be a number, got str'],
      [
        'SD upscale',
        ['', 32, 'Lanczos', 16],
        'ValueError',
        'a script may run at most 256 generations, got 713',
      ],
      ['loopback', [0, 0.5, 'Linear', 'None'], 'ValueError', 'loops must be between 1 and 256, got 0'],
      [
        'loopback',
        [2, 0.5, 'Linear', 'CLIP'],
        'NotImplementedError',
        'interrogation is not supported by this server',
      ],
      ['outpainting mk2', ['', 16, 8, [], 1, 0], 'ValueError', 'there is nothing to extend'],
      ["poor man's outpainting", ['16', 4, 0, ['left']], 'TypeError', 'pixels must be a number, got str'],
      [
        "poor man's outpainting",
        [16, 4, 9, ['left']],
        'ValueError',
        'inpainting_fill must be between 0 and 3, got 9',
      ],
      [
        'controlnet m2m',
        [],
        'NotImplementedError',
        'the script controlnet m2m is not supported by this server',
      ],
    ])('%s refuses %j', async (name, args, error, errors) => {
      expect(await redraw({ script_name: name, script_args: args })).toMatchObject({
        status: 500,
        error,
        errors,
      })
    })
  })

  it('are saved picture by picture, and grids under names of their own', async () => {
    await draw({ ...plot([4, '2,3']), save_images: true })
    const folder = join(gateway.deps.config.ATELIER_DATA, 'outputs')
    const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
      name.endsWith('.png'),
    )
    expect(names.map((name) => name.split(/[\\/]/).at(-1)).sort()).toEqual([
      '00000-42.png',
      '00001-42.png',
      'xyz_grid-0000.png',
    ])
  })

  it('tell in their progress which part runs', async () => {
    gateway.worker.hold()
    const answer = draw({ ...plot([4, '2,3']), force_task_id: 'task(seen)' })
    const state = async () => {
      const response = await gateway.request('GET', '/sdapi/v1/progress')
      return ((await response.json()) as { state: { job: string; job_count: number; job_no: number } }).state
    }
    gateway.reported.set('task(seen)', { passCount: 2, passIndex: 1, step: 1, totalSteps: 3 })
    await expect.poll(state).toMatchObject({ job: '2 out of 2', job_count: 2, job_no: 1 })
    gateway.worker.release()
    expect((await answer).status).toBe(200)
  })
})
