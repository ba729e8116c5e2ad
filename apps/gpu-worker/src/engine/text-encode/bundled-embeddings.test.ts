import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModules } from '../adapters/read-modules.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { createTensor } from '../tensor/tensor.ts'
import { readBundledEmbeddings } from './bundled-embeddings.ts'

function write(tensors: Readonly<Record<string, readonly number[]>>) {
  const path = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'lora.safetensors')
  const entries = Object.entries(tensors).map(([name, shape]) => [name, createTensor(shape)] as const)
  writeFileSync(path, formatSafetensors(entries, new Map()))
  return readSafetensors(path)
}

describe('embeddings in a LoRA file', () => {
  it('are found by name, whatever the layout of their vectors', () => {
    const file = write({
      'lora_unet_out_2.lora_up.weight': [4, 1],
      'bundle_emb.style.string_to_param.*': [3, 64],
      'bundle_emb.thing.clip_l': [2, 768],
      'bundle_emb.thing.clip_g': [2, 1280],
    })
    const found = readBundledEmbeddings(file)
    expect([...found.keys()]).toEqual(['style', 'thing'])
    expect(found.get('style')).toMatchObject({ vectorCount: 3, width: 64 })
    expect(found.get('thing')).toMatchObject({ vectorCount: 2, width: 2048 })
  })

  it('that cannot be read are left out', () => {
    const file = write({ 'bundle_emb.odd.clip_l': [2, 768], 'bundle_emb.odd.clip_g': [3, 1280] })
    expect(readBundledEmbeddings(file).size).toBe(0)
  })

  it('are no tensors the LoRA has no layer for', () => {
    const { modules, others } = readModules(write({ 'bundle_emb.style.string_to_param.*': [3, 64] }))
    expect([modules, others]).toEqual([[], []])
  })
})
