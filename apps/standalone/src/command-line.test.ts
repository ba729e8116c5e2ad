import { describe, expect, it, vi } from 'vitest'
import { parseCommandLine } from './command-line.ts'

const parse = (...args: string[]) => parseCommandLine(args, '1.2.3')

describe('parseCommandLine', () => {
  it('serves when no program is named, so that A1111 habits work', () => {
    expect(parse('--api', '--listen', '--port', '7861')).toEqual({
      program: 'serve',
      settings: { ATELIER_HOST: '0.0.0.0', ATELIER_PORT: '7861' },
    })
  })

  it('turns every valued flag into its setting', () => {
    const { settings } = parse('worker', '--ckpt-dir', '/m', '--device', 'cpu', '--api-auth', 'a:b') as {
      settings: object
    }
    expect(settings).toEqual({ ATELIER_CKPT_DIR: '/m', ATELIER_DEVICE: 'cpu', ATELIER_API_AUTH: 'a:b' })
  })

  it('joins a cluster by flags, but takes no secret from them', () => {
    const { settings } = parse(
      'gateway',
      '--nats-url',
      'tls://h',
      '--nats-nkey',
      'k.nk',
      '--s3-bucket',
      'b',
    ) as {
      settings: object
    }
    expect(settings).toEqual({
      ATELIER_NATS_URL: 'tls://h',
      ATELIER_NATS_NKEY: 'k.nk',
      ATELIER_S3_BUCKET: 'b',
    })
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    for (const secret of ['--nats-password', '--nats-token', '--s3-secret-key'])
      expect(parse('gateway', secret, 'x')).toEqual({ exitCode: 1 })
    write.mockRestore()
  })

  it('leaves the web page out where A1111 would', () => {
    expect(parse('--nowebui')).toEqual({ program: 'serve', settings: { ATELIER_CONSOLE_ROOT: 'none' } })
  })

  it('sets nothing that was not given', () => {
    expect(parse('gateway')).toEqual({ program: 'gateway', settings: {} })
  })

  it('ends with 1 and the name of a flag it does not know', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(parse('serve', '--nope')).toEqual({ exitCode: 1 })
    expect(write.mock.calls.flat().join('')).toContain('--nope')
    write.mockRestore()
  })

  it('prints help with every flag and ends with 0', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    expect(parse('serve', '--help')).toEqual({ exitCode: 0 })
    const text = write.mock.calls.flat().join('')
    for (const flag of ['--listen', '--port', '--api-auth', '--ckpt-dir', '--cors-allow-origins'])
      expect(text).toContain(flag)
    write.mockRestore()
  })
})
