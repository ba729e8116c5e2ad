import {
  ControlMode,
  ControlPasses,
  ModelFile,
  ModelKind,
  ResizeMode,
  type GenerationJob,
} from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawFlat } from '../test-kit/flat-worker.ts'
import { openTestGateway } from '../test-kit/test-gateway.ts'

const control = (name: string, more: Partial<ModelFile> = {}) =>
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_CONTROL_NET, name, identity: name, path: `/models/${name}` },
    ...more,
  })
const MODELS = [
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'sd15.safetensors', identity: 'sd15' },
    ...{ path: '/models/sd15.safetensors', family: 'sd1', embeddingWidth: 768 },
  }),
  control('control_v11p_sd15_canny.safetensors', { legacyHash: 'd14c016b', embeddingWidth: 768 }),
  control('sub/control_v11f1p_sd15_depth.pth', { legacyHash: 'cfd03158' }),
  control('t2iadapter_sketch.pth', { family: 'sd1' }),
  control('xl/union_xl.safetensors', { family: 'sdxl', embeddingWidth: 2048 }),
  control('None.pt'),
  control('broken.safetensors', { unusableReason: 'it is broken' }),
]

describe('ControlNet units', async () => {
  const jobs: GenerationJob[] = []
  const gateway = await openTestGateway({
    models: MODELS,
    draw: (job, image) => {
      jobs.push(job)
      return drawFlat(job, image)
    },
  })
  afterAll(() => gateway.close())
  let image = ''
  let small = ''
  beforeAll(async () => {
    const flat = async (side: number) =>
      (
        await sharp({ create: { width: side, height: side, channels: 3, background: '#123' } })
          .png()
          .toBuffer()
      ).toString('base64')
    ;[image, small] = [await flat(16), await flat(8)]
  })
  const request = { prompt: 'a', steps: 1, width: 64, height: 64, seed: 3 }
  const send = (args: unknown, more: object = {}, route = 'txt2img') =>
    gateway.request('POST', `/sdapi/v1/${route}`, {
      ...{ ...request, alwayson_scripts: { ControlNet: { args } } },
      ...more,
    })
  const unit = (more: object = {}) => ({
    enabled: true,
    module: 'canny',
    model: 'control_v11p_sd15_canny',
    image,
    ...more,
  })
  const run = async (args: unknown, more: object = {}, route = 'txt2img') => {
    jobs.length = 0
    const answer = await send(args, more, route)
    expect([answer.status, await answer.clone().text()]).toEqual([200, expect.any(String)])
    return {
      answer,
      body: (await answer.json()) as { images: string[]; info: string },
      controls: jobs[0]!.controls,
    }
  }

  it('reach the job with what they leave out filled in', async () => {
    const { controls, answer } = await run([unit()])
    expect(answer.headers.get('x-atelier-not-acted-on')).toBeNull()
    expect(controls).toMatchObject([
      {
        model: { name: 'control_v11p_sd15_canny.safetensors' },
        preprocessing: { module: 'canny', resolution: 512, thresholdA: 100, thresholdB: 200, seed: 6 },
        ...{ resizeMode: ResizeMode.RESIZE_MODE_CROP, weight: 1, start: 0, end: 1, keepMap: true },
        ...{ mode: ControlMode.CONTROL_MODE_BALANCED, pixelPerfect: false, cropToMask: true, edgeBlur: 7 },
      },
    ])
    expect(controls[0]!.image?.key).toMatch(/./)
  })

  it('that refer to a picture take no file, and the picture whole', async () => {
    const { controls, body } = await run([unit({ module: 'reference_only', model: 'None' })])
    expect(controls).toMatchObject([
      {
        model: undefined,
        preprocessing: { module: 'reference_only', thresholdA: 0.5 },
        ...{ cropToMask: false, keepMap: true },
      },
    ])
    expect(body.info).toContain('Module: reference_only, Model: None')
  })

  it.each([
    ['a title', 'control_v11p_sd15_canny [d14c016b]', 'control_v11p_sd15_canny.safetensors'],
    [
      'a title with another hash',
      'control_v11p_sd15_canny [00000000]',
      'control_v11p_sd15_canny.safetensors',
    ],
    ['a name in capitals', 'CONTROL_V11F1P_SD15_DEPTH', 'sub/control_v11f1p_sd15_depth.pth'],
    ['a part of a name', 'depth', 'sub/control_v11f1p_sd15_depth.pth'],
    ['the shortest of several', 'control_v11', 'control_v11p_sd15_canny.safetensors'],
  ])('find their file by %s', async (_, model, name) => {
    const { controls } = await run([unit({ model })])
    expect(controls[0]!.model!.name).toBe(name)
  })

  it.each([
    ['control_mode', 1, { mode: ControlMode.CONTROL_MODE_PROMPT }],
    ['control_mode', ['ControlNet is more important'], { mode: ControlMode.CONTROL_MODE_CONTROL }],
    ['control_mode', 'My prompt is more important', { mode: ControlMode.CONTROL_MODE_PROMPT }],
    ['resize_mode', 0, { resizeMode: ResizeMode.RESIZE_MODE_STRETCH }],
    ['resize_mode', 3, { resizeMode: ResizeMode.RESIZE_MODE_STRETCH }],
    ['resize_mode', 'Envelope (Outer Fit)', { resizeMode: ResizeMode.RESIZE_MODE_FILL }],
    ['resize_mode', 'Scale to Fit (Inner Fit)', { resizeMode: ResizeMode.RESIZE_MODE_CROP }],
    ['hr_option', 'High res only', { passes: ControlPasses.CONTROL_PASSES_SECOND }],
    ['union_control_type', 'Hard Edge', { unionType: 3 }],
    ['union_control_type', 'Unknown', { unionType: undefined }],
    ['advanced_weighting', [0.5, 1], { placeWeights: [0.5, 1] }],
    ['weight', '1.5', { weight: 1.5 }],
    ['pixel_perfect', true, { pixelPerfect: true }],
    ['guidance', 0.5, { end: 0.5 }],
    ['lowvram', true, {}],
    ['module', 'None', { preprocessing: { module: 'none' } }],
    ['module', 'invert (from white bg & black line)', { preprocessing: { module: 'invert' } }],
    ['processor_res', 5, { preprocessing: { resolution: 512 } }],
    ['threshold_a', 300, { preprocessing: { thresholdA: 100 } }],
    ['threshold_a', 50, { preprocessing: { thresholdA: 50 } }],
  ])('take %s %j', async (name, value, expected) => {
    const { controls } = await run([unit({ [name]: value })])
    expect(controls[0]).toMatchObject(expected)
  })

  it('take pictures in every form', async () => {
    const forms = [
      { image },
      { image: `data:image/png;base64,${image}` },
      { image: undefined, input_image: image },
      { image: { image, mask: image } },
      { image: [image, image] },
      { image: [{ image, mask: image }] },
      { image, mask: image },
      { image, mask_image: image },
    ]
    const keys = []
    for (const form of forms) keys.push((await run([unit(form)])).controls[0]!.image?.key)
    expect(new Set(keys).size).toBe(1)
    const { controls } = await run([unit({ image: { image, mask: image } })])
    expect(controls[0]!.mask?.key).toBe(keys[0])
  })

  it('may be one object, or values one after the other', async () => {
    expect((await run(unit())).controls).toHaveLength(1)
    const flat = [
      true,
      'canny',
      'depth',
      0.8,
      image,
      false,
      'Just Resize',
      false,
      false,
      64,
      10,
      20,
      0.1,
      0.9,
      true,
    ]
    expect((await run(flat)).controls).toMatchObject([
      {
        ...{ weight: 0.8, start: 0.1, end: 0.9, resizeMode: ResizeMode.RESIZE_MODE_STRETCH },
        ...{ mode: ControlMode.CONTROL_MODE_CONTROL },
        preprocessing: { module: 'canny', resolution: 64, thresholdA: 10, thresholdB: 20 },
      },
    ])
  })

  it('that merge several pictures share their weight', async () => {
    const { controls } = await run([unit({ input_mode: 'merge', image: [{ image }, { image: small }] })])
    expect(controls.map(({ weight }) => weight)).toEqual([0.5, 0.5])
  })

  it('beyond the third are left out, and those that are off do nothing', async () => {
    expect((await run([unit(), unit(), unit(), unit()])).controls).toHaveLength(3)
    expect((await run([unit({ enabled: false }), unit()])).controls).toHaveLength(1)
  })

  it('append their control pictures and tell of themselves', async () => {
    const { body } = await run([unit(), unit({ save_detected_map: false, weight: 0.5 })])
    expect(body.images).toHaveLength(2)
    const info = JSON.parse(body.info) as {
      extra_generation_params: Record<string, string>
      infotexts: string[]
    }
    expect(info.infotexts).toHaveLength(1)
    expect(info.extra_generation_params['ControlNet 1']).toBe(
      'Module: canny, Model: control_v11p_sd15_canny, Weight: 0.5, Resize Mode: Crop and Resize, Processor Res: 512, ' +
        'Threshold A: 100, Threshold B: 200, Guidance Start: 0.0, Guidance End: 1.0, Pixel Perfect: False, Control Mode: Balanced',
    )
  })

  it('append none where the options say so', async () => {
    const { body } = await run([unit()], { override_settings: { control_net_no_detectmap: true } })
    expect(body.images).toHaveLength(1)
  })

  it('of image to image need no picture of their own', async () => {
    const { controls } = await run([unit({ image: null })], { init_images: [image] }, 'img2img')
    expect(controls[0]!.image).toBeUndefined()
  })

  it.each([
    ['no model', { model: 'None' }],
    ['an unknown model', { model: 'nope' }],
    ['no picture', { image: '' }],
    ['what is no picture', { image: 'zzz' }],
    ['a mask of another size', { mask: 'small' }],
    ['a mask without a picture', { image: null, mask: 'small' }],
  ])('with %s leave the picture ungoverned and the answer says so', async (_, more) => {
    const settled = Object.fromEntries(
      Object.entries(more).map(([key, value]) => [key, value === 'small' ? small : value]),
    )
    const { controls, body, answer } = await run([unit(), unit(settled)])
    expect(controls).toEqual([])
    expect(body.images).toHaveLength(1)
    expect(answer.headers.get('x-atelier-not-acted-on')).toBe('controlnet')
  })

  it.each([
    [
      { weight: 3 },
      'weight\n  ensure this value is less than or equal to 2.0 (type=value_error.number.not_le; limit_value=2.0)',
    ],
    [{ module: 'nope' }, 'module\n  module(nope) not found in supported modules. (type=value_error)'],
    [
      { guidance_start: 0.8, guidance_end: 0.2 },
      '__root__\n  guidance_start(0.8) > guidance_end(0.2) (type=value_error)',
    ],
    [{ resize_mode: 'x' }, "resize_mode\n  'x' is not a valid ResizeMode (type=value_error)"],
    [{ enabled: 'x' }, 'enabled\n  value could not be parsed to a boolean (type=type_error.bool)'],
  ])('with %j are refused in pydantic’s words', async (more, text) => {
    const answer = await send([unit(more)])
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      error: 'ValidationError',
      errors: `1 validation error for ControlNetUnit\n${text}`,
    })
  })

  it('of another family are refused with file and reason', async () => {
    const answer = await send([unit({ model: 'union_xl' })])
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({
      error: 'Exception',
      errors:
        'ControlNet model union_xl [e3b0c442](StableDiffusionVersion.SDXL) is not compatible with ' +
        'sd model(StableDiffusionVersion.SD1x): its contexts are 2048 wide, those of sd15 768',
    })
  })

  it('with a preprocessor whose network is missing are refused with the reason', async () => {
    const answer = await send([unit({ module: 'depth_midas' })])
    expect(await answer.json()).toMatchObject({
      error: 'NotImplementedError',
      errors: expect.stringContaining('depth_midas') as string,
    })
  })

  it.each(['controlnet_input_images', 'controlnet_images'])(
    'have preprocessors that take the pictures of %s',
    async (name) => {
      const body = { controlnet_module: 'canny', [name]: [image, small] }
      const answer = await gateway.request('POST', '/controlnet/detect', body)
      expect(answer.status).toBe(200)
      expect(((await answer.json()) as { images: string[] }).images).toHaveLength(2)
    },
  )

  it('are listed with titles, types and what is missing', async () => {
    const get = async (path: string) =>
      (await gateway.request('GET', `/controlnet/${path}`)).json() as Promise<Record<string, unknown>>
    const titles = [
      'control_v11f1p_sd15_depth [cfd03158]',
      'control_v11p_sd15_canny [d14c016b]',
      't2iadapter_sketch [e3b0c442]',
      'union_xl [e3b0c442]',
    ]
    expect(await get('model_list')).toEqual({ model_list: titles })
    const types = (await get('control_types'))['control_types'] as Record<
      string,
      { model_list: string[]; default_model: string }
    >
    expect(types['Canny']).toMatchObject({
      model_list: ['None', titles[1], titles[3]],
      default_model: titles[1],
    })
    expect(types['T2I-Adapter']).toMatchObject({ model_list: ['None', titles[2]] })
    expect(types['Shuffle']).toMatchObject({ model_list: ['None'], default_model: 'None' })
    const missing = (await get('module_list?unavailable=true'))['unavailable'] as Record<string, string>
    expect(missing['depth']).toMatch(/weights are not there/)
    expect(missing['revision_clipvision']).toMatch(/vision network/)
    expect(missing).not.toHaveProperty('reference_only')
    expect(missing).not.toHaveProperty('canny')
  })
})
