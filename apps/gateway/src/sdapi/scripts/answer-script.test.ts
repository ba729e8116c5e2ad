import { JobError, type GenerationJob, type ImagePlan } from '@atelier/proto'
import sharp from 'sharp'
import { afterEach, describe, expect, it } from 'vitest'
import { readPngTexts } from '../../images/read-png-texts.ts'
import { drawFlat, toFinalSize } from '../test-kit/flat-worker.ts'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const BASE = { prompt: 'a red fox', steps: 3, width: 64, height: 64, seed: 42 }
/** Arguments of an X/Y/Z plot without a legend. */
const plot = (
  axes: readonly unknown[],
  { pictures = true, subGrids = false }: { pictures?: boolean; subGrids?: boolean } = {},
) => ({
  script_name: 'X/Y/Z plot',
  script_args: [
    ...[0, '', [], 0, '', [], 0, '', []].map((value, index) => axes[index] ?? value),
    ...[false, pictures, subGrids, false, false, false, false, 0, false],
  ],
})
const STEPS_2_3 = [4, '2,3']
const GUIDANCE_5_6_7 = [6, '5-7']
const matrix = (prompt: string) => ({
  ...{ prompt, script_name: 'prompt matrix', script_args: [false, false, 'positive', 'comma', 0] },
})
const loopback = (loops: number) => ({
  ...{ script_name: 'Loopback', script_args: [loops, 0.5, 'Linear', 'None'] },
})

/** A picture whose red tells its steps, its green the guidance scale, its blue the seed. */
async function drawFacts(job: GenerationJob, image: ImagePlan) {
  const drawn = await drawFlat(job, image)
  const { width, height } = toFinalSize(job)
  const { steps = 0, guidanceScale = 0 } = job.sampling ?? {}
  const background = { r: steps, g: guidanceScale, b: Number(image.seed) }
  const picture = sharp({ create: { width, height, channels: 3, background } })
  return { ...drawn, bytes: await picture.png().toBuffer() }
}

interface Answer {
  readonly status: number
  readonly images: readonly string[]
  readonly info: Record<string, unknown> & { infotexts: string[]; index_of_first_image: number }
}

describe('the answer of a script', () => {
  let gateway: TestGateway
  afterEach(() => gateway.close())
  const open = async () =>
    (gateway = await openTestGateway({ ...toRecordedOptions('txt2img'), draw: drawFacts }))
  const post = async (route: string, request: object): Promise<Answer> => {
    const response = await gateway.request('POST', `/sdapi/v1/${route}`, { ...BASE, ...request })
    const body = (await response.json()) as { images: string[]; info: string }
    return {
      status: response.status,
      images: body.images,
      info: JSON.parse(body.info ?? '{}') as Answer['info'],
    }
  }
  const draw = (request: object) => post('txt2img', request)
  const setOptions = (options: object) => gateway.request('POST', '/sdapi/v1/options', options)
  const pixelsOf = async (image: string | undefined) => {
    const { data, info } = await sharp(Buffer.from(image ?? '', 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true })
    return {
      ...{ width: info.width, height: info.height },
      at: (x: number, y: number) => [
        ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
      ],
    }
  }

  describe('to a plot', () => {
    it('shows a grid whose columns are x and whose rows are y', async () => {
      await open()
      const { images } = await draw(plot([...STEPS_2_3, [], ...GUIDANCE_5_6_7], { pictures: false }))
      expect(images).toHaveLength(1)
      const { width, height, at } = await pixelsOf(images[0])
      expect([width, height]).toEqual([128, 192])
      const cells = [5, 6, 7].map((guidance, row) =>
        [2, 3].map((steps, column) => [at(column * 64 + 9, row * 64 + 9), [steps, guidance, 42]]),
      )
      for (const [shown, made] of cells.flat()) expect(shown).toEqual(made)
    })

    it('shows pictures after the grids where it is asked for them', async () => {
      await open()
      const { images, info } = await draw(plot([...STEPS_2_3, [], ...GUIDANCE_5_6_7]))
      expect(images).toHaveLength(1 + 6)
      expect(info.index_of_first_image).toBe(1)
      expect(info.infotexts).toHaveLength(1 + 6)
      const [whole, ...rest] = info.infotexts
      expect(whole).toContain(
        'Script: X/Y/Z plot, X Type: Steps, X Values: "2,3", Y Type: CFG Scale, Y Values: 5-7',
      )
      expect(rest.map((text) => /Steps: (\d)/.exec(text)?.[1]).join('')).toBe('232323')
    })

    it('shows a grid for each value along z where sub grids are asked for', async () => {
      await open()
      const axes = [...STEPS_2_3, [], 0, '', [], ...GUIDANCE_5_6_7]
      const { images, info } = await draw(plot(axes, { pictures: false, subGrids: true }))
      expect(images).toHaveLength(1 + 3)
      expect(info.infotexts[0]).toContain('Z Type: CFG Scale')
      const greens = await Promise.all(
        images.slice(1).map(async (image) => (await pixelsOf(image)).at(0, 0)[1]),
      )
      expect(greens).toEqual([5, 6, 7])
      const whole = await pixelsOf(images[0])
      expect([whole.width, whole.height]).toEqual([3 * 128, 64])
    })

    it('shows a grid of its own in the cell of a batch that is saved, else the first picture', async () => {
      await open()
      const request = { ...plot(STEPS_2_3, { pictures: false }), batch_size: 2 }
      const plain = await pixelsOf((await draw(request)).images[0])
      expect([plain.width, plain.height]).toEqual([128, 64])
      const saved = await pixelsOf((await draw({ ...request, save_images: true })).images[0])
      expect([saved.width, saved.height]).toEqual([256, 64])
      expect([saved.at(9, 9), saved.at(73, 9)], 'seeds of the batch').toEqual([
        [2, 7, 42],
        [2, 7, 43],
      ])
    })

    it('leaves the cells black that an interrupt took away', async () => {
      await open()
      gateway.worker.hold()
      const answer = draw({ ...plot(STEPS_2_3), force_task_id: 'task(cut)' })
      const running = async () => {
        const state = await gateway.request('POST', '/internal/progress', { id_task: 'task(cut)' })
        return ((await state.json()) as { active: boolean }).active
      }
      await expect.poll(running).toBe(true)
      await gateway.request('POST', '/sdapi/v1/interrupt')
      const { status, images, info } = await answer
      expect(status).toBe(200)
      const { at } = await pixelsOf(images[0])
      expect([at(9, 9), at(73, 9)]).toEqual([
        [2, 7, 42],
        [0, 0, 0],
      ])
      expect(images, 'the grid and the picture there is').toHaveLength(2)
      expect(info.infotexts[0]).toContain('Script: X/Y/Z plot')
    })
  })

  it('has its grid in the format that pictures are answered in, without texts', async () => {
    await open()
    const kept = {
      override_settings: { samples_format: 'webp' },
      override_settings_restore_afterwards: false,
    }
    const { images } = await draw({ ...matrix('a|b'), ...kept })
    const { format } = await sharp(Buffer.from(images[0]!, 'base64')).metadata()
    expect(format).toBe('webp')
    const png = (await draw(matrix('a|b'))).images[0]!
    expect(readPngTexts(Buffer.from(png, 'base64')).size).toBe(0)
  })

  it('keeps its pictures back where the request does not want them', async () => {
    await open()
    const { images, info } = await draw({ ...matrix('a|b'), send_images: false })
    expect(images).toEqual([])
    expect(info['all_prompts']).toEqual(['a', 'a, b'])
    expect(info.infotexts).toHaveLength(3)
  })

  describe('over a picture', () => {
    const redraw = async (request: object) => {
      const grey = { width: 64, height: 64, channels: 3 as const, background: '#808080' }
      const picture = await sharp({ create: grey }).png().toBuffer()
      return post('img2img', { init_images: [picture.toString('base64')], ...request })
    }

    it('begins with a row of what came one after the other', async () => {
      await open()
      const { images, info } = await redraw(loopback(3))
      expect(images).toHaveLength(4)
      const { width, at } = await pixelsOf(images[0])
      expect(width).toBe(192)
      expect([0, 1, 2].map((place) => at(place * 64 + 9, 9)[2])).toEqual([42, 43, 44])
      // The original repeats the first picture's text.
      expect(new Set(info.infotexts).size).toBe(1)
      expect(info.infotexts).toHaveLength(4)
    })

    it('has no row of one picture, nor where the options want no grids', async () => {
      await open()
      const alone = await redraw(loopback(1))
      expect([alone.images.length, alone.info.index_of_first_image]).toEqual([1, 0])
      await setOptions({ return_grid: false })
      const without = await redraw(loopback(3))
      expect([without.images.length, without.info.index_of_first_image]).toEqual([3, 0])
    })
  })

  it('tells why its job failed, as any generation does', async () => {
    await open()
    const { jobs } = gateway.store
    const finish = jobs.finish.bind(jobs)
    const error = { code: 'out-of-memory', message: 'the device is full' }
    jobs.finish = (lease) => finish(lease, { kind: 'failed', error: JobError.fromPartial(error) })
    const answer = await gateway.request('POST', '/sdapi/v1/txt2img', { ...BASE, ...plot(STEPS_2_3) })
    expect([answer.status, await answer.json()]).toMatchObject([
      500,
      { error: 'OutOfMemoryError', errors: 'the device is full' },
    ])
  })
})
