import { AtelierError, type ErrorCode } from '@atelier/ledger'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerSdapiError } from './errors.ts'
import { openTestGateway } from './test-kit/test-gateway.ts'

describe('errors of the WebUI surface', () => {
  it.each<[ErrorCode, number, string | null]>([
    ['tenant-queue-full', 429, '5'],
    ['queue-full', 503, '5'],
    ['unavailable', 503, '5'],
    ['invalid-request', 400, null],
    ['conflict', 409, null],
  ])('tell %s as %i in the body A1111 gives, with Retry-After %s', async (code, status, retryAfter) => {
    const answer = answerSdapiError(new AtelierError(code, 'at most 2 jobs may wait, 2 do'))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter])
    expect(await answer.json()).toEqual({
      ...{ error: 'HTTPException', detail: 'at most 2 jobs may wait, 2 do', body: '', errors: '' },
    })
  })

  it('hide the text of what was not foreseen', async () => {
    const answer = answerSdapiError(new Error('/secret/path'))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })
})

// What A1111 1.10.1 answers to the same requests.
describe('methods of the WebUI surface', () => {
  it.each<[string, number, string | null]>([
    ['/sdapi/v1/txt2img', 405, 'POST'],
    ['/sdapi/v1/options', 405, 'GET'],
    ['/sdapi/v1/samplers', 405, 'GET'],
    ['/internal/ping', 405, 'GET'],
    ['/sdapi/v1/nope', 404, null],
    ['/sdapi', 404, null],
  ])('HEAD %s is refused as an unknown method or path', async (path, status, allow) => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const answer = await gateway.request('HEAD', path)
    expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow])
  })

  it('take the last of several switches of a query', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const ask = (query: string) => gateway.request('GET', `/sdapi/v1/progress?${query}`)
    expect((await ask('skip_current_image=1&skip_current_image=x')).status).toBe(422)
    expect((await ask('skip_current_image=x&skip_current_image=1')).status).toBe(200)
  })
})
