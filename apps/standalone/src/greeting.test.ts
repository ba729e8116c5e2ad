import { describe, expect, it } from 'vitest'
import { describeAddresses } from './greeting.ts'

describe('describeAddresses', () => {
  it('names both addresses', () => {
    const text = describeAddresses({}, { sdapi: 7860, comfy: 8188 })
    expect(text).toContain('http://127.0.0.1:7860')
    expect(text).toContain('http://127.0.0.1:8188')
    expect(text).not.toContain('WARNING')
  })

  it('names the web page, unless there is none', () => {
    expect(describeAddresses({}, { sdapi: 7860, comfy: 8188 })).toMatch(
      /Web page +http:\/\/127\.0\.0\.1:7860/,
    )
    expect(describeAddresses({ ATELIER_CONSOLE_ROOT: 'none' }, { sdapi: 7860 })).not.toContain('Web page')
  })

  it('leaves out a port that is switched off', () => {
    expect(describeAddresses({}, { sdapi: 7860 })).not.toContain('ComfyUI')
  })

  it('warns of an open server on all addresses, and not when it has keys', () => {
    expect(describeAddresses({ ATELIER_HOST: '0.0.0.0' }, { sdapi: 1 })).toContain('WARNING')
    expect(
      describeAddresses({ ATELIER_HOST: '0.0.0.0', ATELIER_API_AUTH: 'a:b' }, { sdapi: 1 }),
    ).not.toContain('WARNING')
  })
})
