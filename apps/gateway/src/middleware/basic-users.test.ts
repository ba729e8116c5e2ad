import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkBasicHeader, parseBasicUsers } from './basic-users.ts'

interface Recorded {
  id: string
  request: { method: string; headers?: Record<string, string> }
  response: { status: number; body: { detail?: string } }
}

const users = parseBasicUsers('user:pass,bob:x')
const recorded = readFileSync(new URL('__fixtures__/auth.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
  .filter(({ id, request }) => id.startsWith('auth-') && request.method === 'GET')

const DETAILS = {
  ok: undefined,
  missing: 'Not authenticated',
  malformed: 'Invalid authentication credentials',
  wrong: 'Incorrect username or password',
}

describe('checkBasicHeader', () => {
  it.each(recorded)('judges $id as A1111 did', ({ request, response }) => {
    const check = checkBasicHeader(request.headers?.['Authorization'], users)
    expect(check === 'ok' ? 200 : 401).toBe(response.status)
    expect(DETAILS[check]).toBe(response.body.detail)
  })
})

describe('parseBasicUsers', () => {
  it('names the entry that is not user:password', () => {
    expect(() => parseBasicUsers('a:b,c')).toThrow('"c" is not user:password')
    expect(() => parseBasicUsers('a:b:c')).toThrow('"a:b:c"')
  })
})
