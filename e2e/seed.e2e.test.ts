import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { describePicture, getJson, makePicture, postJson } from './kit/calls.ts'

// The programs of the document the project came from, one by one, against `npm start` with the demo checkpoint.

interface Answer {
  images: string[]
  info: string
}

const QUICK = { width: 256, height: 256, steps: 4 }
const PORTRAIT = { steps: 25, cfg_scale: 7, width: 512, height: 768, sampler_name: 'DPM++ 2M Karras' }

describe('the seed programs', () => {
  let atelier: Atelier
  beforeAll(async () => {
    atelier = await startAtelier()
  }, 150_000)
  afterAll(async () => {
    expect(await atelier.stop()).toBe(0)
  }, 90_000)

  const generate = async (route: string, body: unknown): Promise<Answer> => {
    const { status, json } = await postJson(`${atelier.webui}/sdapi/v1/${route}`, body)
    expect(status, JSON.stringify(json).slice(0, 300)).toBe(200)
    return json as Answer
  }
  const describeFirst = (answer: Answer) => describePicture(Buffer.from(answer.images[0] ?? '', 'base64'))

  it('txt2img: a portrait with DPM++ 2M Karras and a random seed', async () => {
    const answer = await generate('txt2img', {
      ...PORTRAIT,
      prompt: 'a beautiful girl, anime style, masterpiece',
      negative_prompt: 'ugly, low quality, blurry',
      seed: -1,
      batch_size: 1,
      n_iter: 1,
    })
    const picture = await describeFirst(answer)
    expect(picture).toMatchObject({ width: 512, height: 768 })
    expect(picture.deviation).toBeGreaterThan(1)
    const info = JSON.parse(answer.info) as { infotexts: string[]; seed: number }
    expect(info.seed).toBeGreaterThanOrEqual(0)
    expect(info.infotexts[0]).toContain('Sampler: DPM++ 2M, Schedule type: Karras')
  })

  it('img2img: a picture of another size is brought to the asked one', async () => {
    const source = (await makePicture(300, 200)).toString('base64')
    const answer = await generate('img2img', {
      ...PORTRAIT,
      prompt: 'anime style, detailed',
      negative_prompt: 'ugly, low quality',
      init_images: [source],
      denoising_strength: 0.5,
    })
    expect(await describeFirst(answer)).toMatchObject({ width: 512, height: 768 })
  })

  it('concurrent: six requests at once all get their picture', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        generate('txt2img', { ...QUICK, prompt: `a cat ${index}`, seed: index }),
      ),
    )
    const pictures = new Set(answers.map((answer) => answer.images[0]))
    expect(pictures.size).toBe(6)
  })

  it('progress: it rises while a picture is made and is idle afterwards', async () => {
    const seen: number[] = []
    const done = generate('txt2img', { prompt: 'a rocket', width: 512, height: 512, steps: 20 })
    const state = { isRunning: true }
    void done.finally(() => (state.isRunning = false))
    while (state.isRunning) {
      seen.push(((await getJson(`${atelier.webui}/sdapi/v1/progress`)) as { progress: number }).progress)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await done
    expect(Math.max(...seen)).toBeGreaterThan(0.1)
    expect(await getJson(`${atelier.webui}/sdapi/v1/progress`)).toMatchObject({
      progress: 0,
      state: { job_count: 0 },
    })
  })

  it('retry: the same request with the same seed gives the same picture', async () => {
    const request = { ...QUICK, prompt: 'a cat', seed: 7 }
    const [first, second] = [await generate('txt2img', request), await generate('txt2img', request)]
    expect(first.images).toEqual(second.images)
  })

  it('a LoRA that does not exist is no failure', async () => {
    await generate('txt2img', { prompt: '<lora:nosuch:0.8>, a girl', width: 64, height: 64, steps: 1 })
  })

  it('every parameter of the seed is accepted', async () => {
    const answer = await generate('txt2img', {
      ...QUICK,
      prompt: 'a cat',
      negative_prompt: '',
      cfg_scale: 7,
      sampler_name: 'Euler a',
      seed: -1,
      subseed: -1,
      subseed_strength: 0,
      batch_size: 1,
      n_iter: 1,
      restore_faces: false,
      tiling: false,
      eta: 0,
      s_churn: 0,
      s_tmax: 0,
      s_tmin: 0,
      s_noise: 1,
      override_settings: {},
      script_args: [],
      alwayson_scripts: {},
    })
    expect(await describeFirst(answer)).toMatchObject({ width: 256, height: 256 })
  })

  it('interrupt, options and docs answer', async () => {
    expect((await postJson(`${atelier.webui}/sdapi/v1/interrupt`, {})).status).toBe(200)
    expect(
      (await postJson(`${atelier.webui}/sdapi/v1/options`, { CLIP_stop_at_last_layers: 1 })).status,
    ).toBe(200)
    for (const address of [atelier.webui, atelier.comfy])
      expect((await fetch(`${address}/docs`)).status).toBe(200)
  })

  describe('ComfyUI', () => {
    const createGraph = async () => {
      const info = (await getJson(`${atelier.comfy}/object_info/CheckpointLoaderSimple`)) as {
        CheckpointLoaderSimple: { input: { required: { ckpt_name: [string[]] } } }
      }
      const checkpoint = info.CheckpointLoaderSimple.input.required.ckpt_name[0][0]
      const sampling = {
        seed: Date.now(),
        steps: 8,
        cfg: 7,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      }
      return {
        '3': {
          class_type: 'KSampler',
          inputs: {
            ...sampling,
            model: ['4', 0],
            positive: ['6', 0],
            negative: ['7', 0],
            latent_image: ['5', 0],
          },
        },
        '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: checkpoint } },
        '5': { class_type: 'EmptyLatentImage', inputs: { width: 256, height: 256, batch_size: 1 } },
        '6': { class_type: 'CLIPTextEncode', inputs: { text: 'a cute cat', clip: ['4', 1] } },
        '7': { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['4', 1] } },
        '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
        '9': { class_type: 'SaveImage', inputs: { filename_prefix: 'seed', images: ['8', 0] } },
      }
    }

    it('a listener without an id hears a prompt without one; history and view give the picture', async () => {
      const frames: { type: string; data: Record<string, unknown> }[] = []
      const socket = new WebSocket(`ws://127.0.0.1:${atelier.comfyPort}/ws`)
      socket.on('message', (data, isBinary) => {
        if (!isBinary) frames.push(JSON.parse(data.toString()) as (typeof frames)[number])
      })
      await new Promise((resolve) => socket.once('open', resolve))
      const { json } = await postJson(`${atelier.comfy}/prompt`, { prompt: await createGraph() })
      const { prompt_id: promptId } = json as { prompt_id: string }
      const entry = await pollHistory(`${atelier.comfy}/history/${promptId}`, promptId)
      const image = entry.outputs['9']?.images[0]
      expect(image).toMatchObject({ filename: 'seed_00001_.png', type: 'output' })
      const view = await fetch(`${atelier.comfy}/view?${new URLSearchParams(image)}`)
      expect(await describePicture(new Uint8Array(await view.arrayBuffer()))).toMatchObject({
        width: 256,
        height: 256,
      })

      const isEnd = (frame: (typeof frames)[number]) =>
        frame.type === 'executing' && frame.data['node'] === null
      while (!frames.some(isEnd)) await new Promise((resolve) => setTimeout(resolve, 20))
      socket.close()
      const told = frames.map(({ type }) => type)
      expect(told).toEqual(
        expect.arrayContaining(['status', 'execution_start', 'executing', 'progress', 'executed']),
      )
      expect(frames).toContainEqual(
        expect.objectContaining({ type: 'progress', data: expect.objectContaining({ value: 8, max: 8 }) }),
      )
      expect(frames.findIndex(isEnd)).toBeGreaterThan(told.lastIndexOf('executed'))
    })

    it('an uploaded picture has its name', async () => {
      const form = new FormData()
      form.set(
        'image',
        new Blob([new Uint8Array(await makePicture(30, 20))], { type: 'image/png' }),
        'in.png',
      )
      const response = await fetch(`${atelier.comfy}/upload/image`, { method: 'POST', body: form })
      expect(await response.json()).toEqual({ name: 'in.png', subfolder: '', type: 'input' })
    })
  })
})

interface HistoryEntry {
  outputs: Record<string, { images: Record<string, string>[] }>
}

async function pollHistory(url: string, promptId: string): Promise<HistoryEntry> {
  for (;;) {
    const history = (await getJson(url)) as Record<string, HistoryEntry>
    const entry = history[promptId]
    if (entry) return entry
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
