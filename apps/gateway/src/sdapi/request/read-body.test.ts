import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const missing = (...location: string[]) => ({
  loc: ['body', ...location],
  msg: 'field required',
  type: 'value_error.missing',
})
const NO_DICTIONARY = { loc: ['body'], msg: 'value is not a valid dict', type: 'type_error.dict' }
const DETECTION = [
  ...['controlnet_module', 'controlnet_input_images', 'controlnet_processor_res'],
  ...['controlnet_threshold_a', 'controlnet_threshold_b', 'controlnet_masks', 'low_vram'],
]

// What A1111 1.10.1 answers to the same bodies.
describe('bodies', () => {
  let gateway: TestGateway
  beforeAll(async () => (gateway = await openTestGateway()))
  afterAll(() => gateway.close())
  const post = async (path: string, body: string | Uint8Array, type = 'application/json') => {
    const response = await gateway.request('POST', path, body, { 'content-type': type })
    return [response.status, (await response.json()) as unknown] as const
  }

  it.each([
    ['[]', missing('image')],
    ['""', missing('image')],
    ['[["image", 5]]', undefined],
    ['["ab", {"image": 1, "zz": 2}]', undefined],
    ['[1]', NO_DICTIONARY],
    ['["abc"]', NO_DICTIONARY],
    ['"x"', NO_DICTIONARY],
    ['5', NO_DICTIONARY],
  ])('are dictionaries where Python makes one of them: %s', async (body, fault) => {
    const [status, answer] = await post('/sdapi/v1/png-info', body)
    if (fault === undefined) expect(status).not.toBe(422)
    else expect([status, answer]).toEqual([422, { detail: [fault] }])
  })

  it('may be in UTF-16, and begin with a byte order mark', async () => {
    const bytes = [
      Buffer.from('\ufeff{}', 'utf8'),
      Buffer.from('\ufeff{}', 'utf16le'),
      Buffer.from('{}', 'utf16le'),
      Buffer.from('{}', 'utf16le').swap16(),
    ]
    for (const body of bytes)
      expect(await post('/sdapi/v1/png-info', body)).toEqual([422, { detail: [missing('image')] }])
    // A single byte is no pair of them.
    const [status, answer] = await post('/sdapi/v1/png-info', Uint8Array.of(0))
    expect([status, answer]).toMatchObject([422, { detail: [{ msg: expect.stringContaining('line 1') }] }])
    expect(await post('/sdapi/v1/png-info', Uint8Array.of(0x22, 0xff, 0x22))).toEqual([
      400,
      { detail: 'There was an error parsing the body' },
    ])
  })

  it('cannot be parsed where they nest without end, whether they end or not', async () => {
    const opening = '['.repeat(100_000)
    for (const body of [opening, `${opening}${']'.repeat(100_000)}`, '['.repeat(1_000)])
      expect(await post('/sdapi/v1/png-info', body)).toEqual([
        400,
        { detail: 'There was an error parsing the body' },
      ])
  })

  it('are none of another content type', async () => {
    expect(await post('/sdapi/v1/png-info', '{}', 'text/plain')).toEqual([422, { detail: [NO_DICTIONARY] }])
  })

  it('are JSON with an empty content type', async () => {
    expect(await post('/sdapi/v1/png-info', '{}', '')).toEqual([422, { detail: [missing('image')] }])
  })

  it('lack each parameter of a detection where they have no keys, and none where they are not there', async () => {
    const detail = DETECTION.map((name) => missing(name))
    for (const body of ['[]', '"x"', '5'])
      expect(await post('/controlnet/detect', body)).toEqual([422, { detail }])
    for (const body of ['null', '', '{}'])
      expect(await post('/controlnet/detect', body)).toMatchObject([422, { detail: 'No image selected' }])
  })
})
