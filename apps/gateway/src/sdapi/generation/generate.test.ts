import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const BASE = { prompt: 'a red fox', steps: 3, width: 64, height: 64, seed: 42 }

async function draw(background: string, channels: 3 | 4 = 3): Promise<string> {
  const picture = sharp({ create: { width: 64, height: 48, channels, background } })
  return (await picture.png().toBuffer()).toString('base64')
}

// What is answered, field by field, is compared with the original's answers in generate.recorded.test.ts.
describe('a generation', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway(toRecordedOptions('txt2img'))))
  afterEach(() => gateway.close())

  const post = async (route: string, body: object) => {
    const answer = await gateway.request('POST', `/sdapi/v1/${route}`, { ...BASE, ...body })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const countJobs = async () => (await gateway.store.jobs.list({})).length
  const jobOf = async (taskId: string) => {
    const record = await gateway.store.jobs.find('open', 1, taskId)
    return record?.job?.kind?.$case === 'generation' ? record.job.kind.value : undefined
  }
  const listFiles = (folder: string) => {
    const path = join(gateway.deps.config.ATELIER_DATA, 'outputs', folder)
    return existsSync(path) ? (readdirSync(path, { recursive: true }) as string[]) : []
  }

  describe('that is refused', () => {
    // Several things are wrong with each: the original tells of this one.
    it.each([
      ['img2img', { init_images: null, script_name: 'nope' }, 404, { detail: 'Init image not found' }],
      ['txt2img', { script_name: 'nope', steps: 0 }, 422, { detail: "Script 'nope' not found" }],
      ['img2img', { init_images: ['%%'], script_name: 'nope' }, 422, { detail: "Script 'nope' not found" }],
      ['txt2img', { override_settings: { nope: 1 }, steps: 0 }, 500, { error: 'KeyError', errors: "'nope'" }],
      [
        'txt2img',
        { steps: 'x', prompt: null, script_name: 'nope' },
        422,
        { detail: [{ loc: ['body', 'steps'] }] },
      ],
    ])('by %s says the first thing that is wrong: %j', async (route, body, status, said) => {
      expect(await post(route, body)).toMatchObject({ status, body: said })
    })

    it('makes no job, and stores no picture', async () => {
      const before = await countJobs()
      const stored: string[] = []
      const { blobs } = gateway.store
      const put = blobs.put.bind(blobs)
      blobs.put = async (key, ...rest) => {
        stored.push(key)
        return put(key, ...rest)
      }
      await post('img2img', { init_images: [await draw('#808080')], steps: 0 })
      await post('img2img', { init_images: [await draw('#808080')], mask: '' })
      await post('img2img', { init_images: [] })
      expect([await countJobs(), stored]).toEqual([before, []])
    })

    it('leaves the options as they were', async () => {
      const kept = {
        override_settings: { CLIP_stop_at_last_layers: 2 },
        override_settings_restore_afterwards: false,
      }
      await post('txt2img', { ...kept, steps: 0 })
      const options = (await (await gateway.request('GET', '/sdapi/v1/options')).json()) as object
      expect(options).toMatchObject({ CLIP_stop_at_last_layers: 1 })
    })

    it('says that no worker is there, and asks to try again', async () => {
      gateway.deps.models.whenKnown = async () => false
      const answer = await gateway.request('POST', '/sdapi/v1/txt2img', BASE)
      expect(answer.status).toBe(503)
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    })
  })

  it('keeps overrides that are not to be taken back', async () => {
    await post('txt2img', {
      override_settings: { CLIP_stop_at_last_layers: 2 },
      override_settings_restore_afterwards: false,
    })
    const options = (await (await gateway.request('GET', '/sdapi/v1/options')).json()) as object
    expect(options).toMatchObject({ CLIP_stop_at_last_layers: 2 })
    await post('txt2img', { override_settings: { CLIP_stop_at_last_layers: 3 } })
    const after = (await (await gateway.request('GET', '/sdapi/v1/options')).json()) as object
    expect(after).toMatchObject({ CLIP_stop_at_last_layers: 2 })
  })

  it('stores equal pictures of a tenant once, and the job names them in their order', async () => {
    const [grey, red] = [await draw('#808080'), await draw('#ff0000')]
    const body = { init_images: [grey, red], batch_size: 2, mask: grey }
    await post('img2img', { ...body, force_task_id: 'task(one)' })
    await post('img2img', { ...body, seed: 43, force_task_id: 'task(two)' })
    const [one, two] = [(await jobOf('task(one)'))?.source, (await jobOf('task(two)'))?.source]
    expect(one?.images.map(({ key }) => key)).toEqual(two?.images.map(({ key }) => key))
    expect(one?.images[0]?.key).not.toBe(one?.images[1]?.key)
    expect(one?.mask?.image?.key).toBe(one?.images[0]?.key)
    const bytes = await gateway.store.blobs.read(one!.images[1]!)
    expect(Buffer.from(bytes!).toString('base64')).toBe(red)
  })

  it('draws over all of a picture whose mask selects nothing, as the original does', async () => {
    const picture = await draw('#808080')
    const infotextOf = async (body: object) => {
      const { body: answer } = await post('img2img', { init_images: [picture], ...body })
      return (JSON.parse(String(answer['info'])) as { infotexts: string[] }).infotexts[0]
    }
    expect(await infotextOf({ mask: await draw('#ffffff') })).toContain('Masked content: fill')
    expect(await infotextOf({ mask: await draw('#000000') })).not.toContain('Masked content')
    const inverted = { mask: await draw('#ffffff'), inpainting_mask_invert: 1 }
    expect(await infotextOf(inverted)).not.toContain('Masked content')
  })

  it('saves its pictures once, though two requests wait for the same job', async () => {
    gateway.worker.hold()
    const body = { save_images: true, force_task_id: 'task(same)' }
    const first = post('txt2img', body)
    await expect.poll(countJobs).toBe(1)
    const second = post('txt2img', body)
    await new Promise((resolve) => setTimeout(resolve, 50))
    gateway.worker.release()
    const [one, two] = [await first, await second]
    expect(two.body['images']).toEqual(one.body['images'])
    expect(await countJobs()).toBe(1)
    expect(listFiles('txt2img-images').filter((name) => name.endsWith('.png'))).toHaveLength(1)
  })

  it('saves its sources under the hash of their pixels where the options say so', async () => {
    await gateway.request('POST', '/sdapi/v1/options', { save_init_img: true })
    const { body } = await post('img2img', { init_images: [await draw('#808080')] })
    const [name = ''] = listFiles('init-images')
    expect(name).toMatch(/^[0-9a-f]{32}\.png$/)
    const { infotexts } = JSON.parse(String(body['info'])) as { infotexts: string[] }
    expect(infotexts[0]).toContain(`Init image hash: ${name.slice(0, -4)}`)
  })
})
