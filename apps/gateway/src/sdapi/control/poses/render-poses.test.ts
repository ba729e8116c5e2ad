import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { openTestGateway } from '../../test-kit/test-gateway.ts'

interface Case {
  readonly pose: object
  /** Of the rows of pixels that the extension's own drawing made (OpenCV 4.11). */
  readonly sha256: string
}

const cases = readFileSync(new URL('__fixtures__/poses.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

describe('POST /controlnet/render_openpose_json', async () => {
  const gateway = await openTestGateway()
  afterAll(() => gateway.close())
  const send = async (body: unknown) => {
    const answer = await gateway.request('POST', '/controlnet/render_openpose_json', body)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const joints = Array.from({ length: 18 }, (_, i) => [i, i, 1]).flat()
  const drawing = (people: readonly unknown[]) => [{ people, canvas_width: 64, canvas_height: 32 }]

  it('draws poses as the extension does, pixel for pixel', async () => {
    const { body } = await send(cases.map(({ pose }) => pose))
    expect(body['info']).toBe('Success')
    const images = body['images'] as string[]
    expect(images).toHaveLength(cases.length)
    for (const [index, image] of images.entries()) {
      const pixels = await sharp(Buffer.from(image, 'base64')).removeAlpha().raw().toBuffer()
      expect(createHash('sha256').update(pixels).digest('hex'), `case ${index}`).toBe(cases[index]!.sha256)
    }
  })

  it('draws nobody on black', async () => {
    const { body } = await send(drawing([]))
    const picture = sharp(Buffer.from((body['images'] as string[])[0]!, 'base64'))
    expect(await picture.metadata()).toMatchObject({ format: 'png', width: 64, height: 32, channels: 3 })
    expect((await picture.raw().toBuffer()).every((value) => value === 0)).toBe(true)
  })

  it.each([
    ['no points of a body', [], 'TypeError', "'NoneType' object is not iterable"],
    ['too few joints', [1, 2, 1], 'IndexError', 'list index out of range'],
    ['numbers that are no triples', [1, 2], 'AssertionError', ''],
    ['joints far away', joints.with(0, 1e12), 'OverflowError', 'a keypoint is more than 32768 pixels away'],
  ])('fails for %s', async (_, pose_keypoints_2d, error, errors) => {
    const answer = await send(drawing([{ pose_keypoints_2d }]))
    expect(answer).toMatchObject({ status: 500, body: { error, errors } })
  })

  it('fails for a hand with too few points', async () => {
    const person = { pose_keypoints_2d: joints, hand_left_keypoints_2d: [1, 2, 1] }
    expect(await send(drawing([person]))).toMatchObject({ status: 500, body: { error: 'IndexError' } })
  })

  it('names what of a pose is missing or no number', async () => {
    const { status, body } = await send([{ people: [{}, { pose_keypoints_2d: ['x'] }], canvas_width: 1 }])
    expect([status, body['detail']]).toEqual([
      422,
      [
        {
          loc: ['body', 0, 'people', 0, 'pose_keypoints_2d'],
          msg: 'field required',
          type: 'value_error.missing',
        },
        {
          loc: ['body', 0, 'people', 1, 'pose_keypoints_2d', 0],
          msg: 'value is not a valid float',
          type: 'type_error.float',
        },
        { loc: ['body', 0, 'canvas_height'], msg: 'field required', type: 'value_error.missing' },
      ],
    ])
  })

  it('refuses canvases that are larger than a server can hold', async () => {
    const { status, body } = await send([{ people: [], canvas_width: 100_000, canvas_height: 100_000 }])
    expect([status, body['detail']]).toEqual([
      422,
      'canvases of 10000000000 pixels are larger than 64000000 together',
    ])
  })
})
