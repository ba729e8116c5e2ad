import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

describe('changes of options', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway()))
  afterEach(() => gateway.close())

  const change = async (text: string, key: string): Promise<string | undefined> => {
    await gateway.request('POST', '/sdapi/v1/options', text, { 'content-type': 'application/json' })
    const answer = await (await gateway.request('GET', '/sdapi/v1/options')).text()
    return new RegExp(`"${key}":([^,}]*)`).exec(answer)?.[1]
  }

  // What A1111 1.10.1 shows after the same changes.
  it.each([
    ['samples_save', '1', 'true'],
    ['samples_save', '1.0', 'true'],
    ['save_mask', '0', 'false'],
    ['save_mask', '1', '1'],
    ['eta_noise_seed_delta', '0.0', '0'],
    ['eta_noise_seed_delta', 'false', '0'],
    ['eta_noise_seed_delta', '5', '5'],
  ])('to a value that Python takes for equal leave it as it is: %s to %s', async (key, value, shown) => {
    expect(await change(`{"${key}":${value}}`, key)).toBe(shown)
  })
})
