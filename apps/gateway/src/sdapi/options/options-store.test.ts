import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

describe('changes of options', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway()))
  afterEach(() => gateway.close())

  const change = async (key: string, values: readonly string[]): Promise<string | undefined> => {
    for (const value of values)
      await gateway.request('POST', '/sdapi/v1/options', `{"${key}":${value}}`, {
        'content-type': 'application/json',
      })
    const answer = await (await gateway.request('GET', '/sdapi/v1/options')).text()
    return new RegExp(`"${key}":([^,}]*)`).exec(answer)?.[1]
  }

  // What A1111 1.10.1 shows after the same changes.
  it.each([
    ['save_mask', ['true', '1'], 'true'],
    ['save_mask', ['1', 'true'], '1'],
    ['save_mask', ['0'], '0'],
    ['eta_noise_seed_delta', ['5', '5.0'], '5'],
    ['eta_noise_seed_delta', ['5.0', '5'], '5.0'],
    ['eta_noise_seed_delta', ['5', '6.0'], '6.0'],
    ['n_rows', ['-1'], '-1.0'],
    ['n_rows', ['null'], 'null'],
  ])(
    'to a value that Python takes for equal leave it as it was set: %s to %s',
    async (key, values, shown) => {
      expect(await change(key, values)).toBe(shown)
    },
  )

  it.each([
    ['temp_dir', ['"a"', 'true'], '"a"'],
    ['temp_dir', ['5'], '""'],
    ['sd_vae', ['"None"', '["x"]'], '"None"'],
    ['sd_vae', ['{"a": 1}'], '"Automatic"'],
    ['sd_vae', ['5'], '"5"'],
  ])('to what fails where it takes effect are not taken: %s to %s', async (key, values, shown) => {
    expect(await change(key, values)).toBe(shown)
  })
})
