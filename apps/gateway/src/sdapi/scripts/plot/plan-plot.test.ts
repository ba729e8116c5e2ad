import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../../test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../../test-kit/test-gateway.ts'

interface Answer {
  readonly images: readonly string[]
  readonly info: string
}

const BASE = { prompt: 'a red fox', steps: 3, width: 64, height: 64, seed: 42 }
/** Arguments of an X/Y/Z plot without a legend that shows all its pictures. */
const plot = (axes: readonly unknown[]) => ({
  script_name: 'X/Y/Z plot',
  script_args: [
    ...[0, '', [], 0, '', [], 0, '', []].map((value, index) => axes[index] ?? value),
    ...[false, true, false, false, false, false, false, 0, false],
  ],
})

describe('an X/Y/Z plot', () => {
  let gateway: TestGateway
  beforeAll(async () => (gateway = await openTestGateway(toRecordedOptions('txt2img'))))
  afterAll(() => gateway.close())
  const draw = async (request: object): Promise<Answer & { status: number }> => {
    const response = await gateway.request('POST', '/sdapi/v1/txt2img', { ...BASE, ...request })
    return { ...((await response.json()) as Answer), status: response.status }
  }
  const infoOf = ({ info }: Answer) => JSON.parse(info) as Record<string, unknown> & { infotexts: string[] }

  // What A1111 1.10.1 answered to the same requests.
  it('of no values answers without pictures, with the request as it came', async () => {
    const answer = await draw({ ...plot([4, '']), seed: -1, styles: ['Moody'] })
    expect(answer).toMatchObject({ status: 200, images: [] })
    const unsettled = { all_prompts: ['a red fox'], seed: -1, all_seeds: [-1], subseed: -1, infotexts: [] }
    expect(infoOf(answer)).toMatchObject({ ...unsettled, styles: ['Moody'], sd_model_name: null })
    expect(infoOf(await draw(plot([4, '2', [], 6, ',']))).infotexts).toEqual([])
  })

  it('asks nothing of a field that an axis gives', async () => {
    const hires = { enable_hr: true, hr_scale: 1.5 }
    const { infotexts } = infoOf(await draw({ ...plot([25, '0.3,0.6']), ...hires }))
    expect(infotexts[1]).toContain('Denoising strength: 0.3')
    expect((await draw({ ...plot([4, '2']), ...hires })).status).toBe(500)
    expect((await draw({ ...plot([4, '2,3']), steps: null })).status).toBe(200)
  })
})
