import { describe, expect, it } from 'vitest'
import { toTestSettings } from '../test-kit/nats-settings.ts'
import { listHosts, parseServer, toConnectionOptions } from './connect.ts'

describe('toConnectionOptions', () => {
  it('never gives a connection up, and notices a dead broker within seconds', () => {
    expect(toConnectionOptions(toTestSettings('nats://h', 'p'))).toMatchObject({
      servers: ['h:4222'],
      maxReconnectAttempts: -1,
      pingInterval: 10_000,
      maxPingOut: 2,
    })
  })

  it('takes user and password from an address, or apart from it', () => {
    expect(toConnectionOptions(toTestSettings('nats://me:p%40ss@h:1,nats://i:2', 'p'))).toMatchObject({
      servers: ['h:1', 'i:2'],
      user: 'me',
      pass: 'p@ss',
    })
    const apart = toTestSettings('nats://me:x@h', 'p', { user: 'you', password: 'y' })
    expect(toConnectionOptions(apart)).toMatchObject({ user: 'you', pass: 'y' })
  })

  it('asks for TLS where an address or a file says so, and only there', () => {
    expect(toConnectionOptions(toTestSettings('nats://h', 'p'))).not.toHaveProperty('tls')
    expect(toConnectionOptions(toTestSettings('tls://h', 'p'))).toHaveProperty('tls', {})
    const files = { tlsCa: 'ca.pem', tlsCertificate: 'c.pem', tlsKey: 'k.pem' }
    expect(toConnectionOptions(toTestSettings('nats://h', 'p', files))).toHaveProperty('tls', {
      ...{ caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'k.pem' },
    })
  })

  it('passes a token on', () => {
    expect(toConnectionOptions(toTestSettings('h', 'p', { token: 't' }))).toMatchObject({ token: 't' })
  })
})

describe('listHosts', () => {
  it('shows no password', () => {
    expect(listHosts(['nats://me:secret@h:1', 'i', 'token@j', ':'])).toBe('h:1,i:4222,j:4222,?')
  })
})

describe('parseServer', () => {
  it.each([
    ['h', 'h:4222'],
    ['h:1', 'h:1'],
    ['nats://h', 'h:4222'],
    ['tls://h:9', 'h:9'],
    ['nats://[::1]', '[::1]:4222'],
  ])('reads %s', (address, host) => {
    expect(parseServer(address).host).toBe(host)
  })
})
