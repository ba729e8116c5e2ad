import { mkdtempSync, writeFileSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseGatewayConfig } from '../config.ts'
import { openApiKeys, parseApiKeys } from './api-keys.ts'
import { createAuthenticator } from './authenticate.ts'

const none = { authorization: undefined, apiKey: undefined, token: undefined }
const keyFile = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'keys-')), 'keys')
  writeFileSync(path, text)
  return path
}
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('createAuthenticator', () => {
  it('takes everyone as the open tenant when neither keys nor users are set', () => {
    const authenticate = createAuthenticator(parseGatewayConfig({}), () => undefined)
    expect(authenticate({ ...none, authorization: 'Bearer whatever' })).toEqual({ tenant: 'open' })
  })

  it('finds the tenant of a key in every place a client can put it', () => {
    const path = keyFile('# teams\nsecret-a team-a\nsecret-b team-b\n')
    const authenticate = createAuthenticator(parseGatewayConfig({ ATELIER_API_KEYS: path }), () => undefined)
    expect(authenticate({ ...none, authorization: 'Bearer secret-a' })).toEqual({ tenant: 'team-a' })
    expect(authenticate({ ...none, authorization: basic('anyone:secret-b') })).toEqual({ tenant: 'team-b' })
    expect(authenticate({ ...none, authorization: basic('secret-b:') })).toEqual({ tenant: 'team-b' })
    expect(authenticate({ ...none, apiKey: 'secret-a' })).toEqual({ tenant: 'team-a' })
    expect(authenticate({ ...none, token: 'secret-b' })).toEqual({ tenant: 'team-b' })
  })

  it('tells a missing key from a wrong one', () => {
    const path = keyFile('secret-a team-a\n')
    const authenticate = createAuthenticator(parseGatewayConfig({ ATELIER_API_KEYS: path }), () => undefined)
    expect(authenticate(none)).toEqual({ refusal: 'Not authenticated' })
    expect(authenticate({ ...none, apiKey: 'secret' })).toEqual({ refusal: 'Incorrect username or password' })
  })
})

describe('parseApiKeys', () => {
  it('names the line that is wrong', () => {
    expect(() => parseApiKeys('good team\nlonely\n')).toThrow('line 2')
    expect(() => parseApiKeys('key Team_A\n')).toThrow('line 1')
  })
})

describe('openApiKeys', () => {
  it('takes a changed file, and keeps the old keys when the new text is wrong', () => {
    const path = keyFile('old team\n')
    const clock = { now: 0 }
    const faults: unknown[] = []
    const keys = openApiKeys(
      path,
      () => clock.now,
      (fault) => faults.push(fault),
    )
    const change = (text: string) => {
      writeFileSync(path, text)
      clock.now += 10_000
      utimesSync(path, clock.now, clock.now)
    }
    change('new team\n')
    expect(keys.tenantOf('new')).toBe('team')
    expect(keys.tenantOf('old')).toBeUndefined()
    change('broken\n')
    expect(keys.tenantOf('new')).toBe('team')
    expect(faults).toHaveLength(1)
  })
})
