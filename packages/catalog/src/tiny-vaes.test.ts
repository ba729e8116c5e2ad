import { describe, expect, it } from 'vitest'
import { isTinyVae, listTinyVaeFiles, TINY_VAES } from './tiny-vaes.ts'

describe('tiny autoencoders', () => {
  it('are known by ComfyUI’s names', () => {
    expect(TINY_VAES.every(isTinyVae)).toBe(true)
    expect(['taesd_decoder', 'taesd3', 'TAESD', 'vae'].some(isTinyVae)).toBe(false)
  })

  it('have files of any weight format', () => {
    expect(listTinyVaeFiles('taesdxl', 'decoder')).toContain('taesdxl_decoder.pth')
    expect(listTinyVaeFiles('taesd', 'encoder')[0]).toBe('taesd_encoder.safetensors')
  })
})
