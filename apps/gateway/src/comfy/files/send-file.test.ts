import { describe, expect, it } from 'vitest'
import { answerFile } from './send-file.ts'

const file = {
  bytes: Buffer.from('0123456789'),
  storedAtMs: 1_700_000_000_500,
  headers: { 'x-kind': 'test' },
}
const nothing = { range: undefined, ifNoneMatch: undefined, ifModifiedSince: undefined }
const ask = (conditions: Partial<typeof nothing> | Record<string, string>) =>
  answerFile(file, { ...nothing, ...conditions })

describe('answerFile', () => {
  it('sends the whole file with validators', async () => {
    const answer = ask({})
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789'])
    expect(answer.headers.get('etag')).toBe('"17979cfe53f76500-a"')
    expect(answer.headers.get('last-modified')).toBe('Tue, 14 Nov 2023 22:13:20 GMT')
    expect(answer.headers.get('accept-ranges')).toBe('bytes')
    expect(answer.headers.get('x-kind')).toBe('test')
  })

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
    ['bytes=-100', '0123456789', 'bytes 0-9/10'],
  ])('sends the part %s', async (range, text, contentRange) => {
    const answer = ask({ range })
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      206,
      text,
      contentRange,
    ])
  })

  it.each(['bytes=10-', 'bytes=5-4', 'bytes=-', 'lines=1-2', 'bytes=0-1,3-4'])(
    'refuses the part %s and names the size',
    async (range) => {
      const answer = ask({ range })
      expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
        416,
        '',
        'bytes */10',
      ])
    },
  )

  it.each([
    [{ ifNoneMatch: '"17979cfe53f76500-a"' }, 304],
    [{ ifNoneMatch: 'W/"x", "17979cfe53f76500-a"' }, 304],
    [{ ifNoneMatch: '*' }, 304],
    [{ ifNoneMatch: '"other"' }, 200],
    [{ ifNoneMatch: '"other"', ifModifiedSince: 'Tue, 14 Nov 2023 22:13:20 GMT' }, 200],
    [{ ifModifiedSince: 'Tue, 14 Nov 2023 22:13:20 GMT' }, 304],
    [{ ifModifiedSince: 'Tue, 14 Nov 2023 22:13:19 GMT' }, 200],
    [{ ifModifiedSince: 'no date' }, 200],
  ])('decides %j by the validators', (conditions, status) => {
    expect(ask(conditions).status).toBe(status)
  })
})
