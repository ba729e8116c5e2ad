import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from './test-kit/test-gateway.ts'
import { TRAINING_ARGUMENTS } from './training-arguments.ts'

interface Recorded {
  readonly path: string
  readonly body: object
  readonly status: number
  readonly answer: object
}

/** What A1111 1.10.1 answers to calls whose arguments do not fit. */
const RECORDED = readFileSync(new URL('__fixtures__/training.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)

describe('routes that create and train', () => {
  let gateway: TestGateway
  beforeAll(async () => (gateway = await openTestGateway()))
  afterAll(() => gateway.close())

  it.each(RECORDED)('tell arguments that do not fit: $path $body', async ({ path, body, status, answer }) => {
    const response = await gateway.request('POST', path, body)
    expect([response.status, await response.json()]).toEqual([status, answer])
  })

  it('say that they are not built to calls that fit', async () => {
    const { required } = TRAINING_ARGUMENTS['train/embedding']!
    const body = Object.fromEntries(required.map((key) => [key, 1]))
    const response = await gateway.request('POST', '/sdapi/v1/train/embedding', body)
    expect([response.status, await response.json()]).toMatchObject([500, { error: 'NotImplementedError' }])
  })
})
