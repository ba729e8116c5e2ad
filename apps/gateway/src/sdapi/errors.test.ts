import { AtelierError, type ErrorCode } from '@atelier/ledger'
import { describe, expect, it } from 'vitest'
import { answerSdapiError } from './errors.ts'

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
