import { readFileSync } from 'node:fs'
import { formatExactJson, parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import { NODE_DEFINITIONS, type ChoiceSource } from '@atelier/catalog/nodes'
import { describe, expect, it } from 'vitest'
import { toObjectInfo } from './object-info.ts'

// Numbers as they were written: 0 is not 0.0.
const recorded = parseExactJson(
  readFileSync(new URL('../__fixtures__/object_info.json', import.meta.url), 'utf8'),
) as ExactObject

/** The files the recorded server had. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  checkpoints: ['tiny.safetensors'],
  loras: ['sub/another.safetensors', 'tinylora.safetensors'],
  upscale_models: ['tiny_x4.pth'],
  vae: ['tiny_vae.safetensors', 'pixel_space'],
  'input-files': [
    ...['anim.gif', 'bad.png', 'data.json', 'gray.png', 'gray16.png', 'noext', 'note.txt', 'page.html'],
    ...['pal.png', 'photo.jpg', 'pic.webp', 'rgb.png', 'rgba.png', 'rgba64.png', 'script.js', 'vector.svg'],
  ],
  'input-images': [
    ...['anim.gif', 'bad.png', 'gray.png', 'gray16.png', 'pal.png', 'photo.jpg'],
    ...['pic.webp', 'rgb.png', 'rgba.png', 'rgba64.png', 'vector.svg'],
  ],
}
const lists = (source: ChoiceSource) => FILES[source] ?? []

describe('object_info', () => {
  it('lists the classes in ComfyUI order', () => {
    const names = NODE_DEFINITIONS.map(({ className }) => className)
    const served = [...recorded.keys()].filter((name) => names.includes(name))
    expect(names.filter((name) => recorded.has(name))).toEqual(served)
  })

  it.each(NODE_DEFINITIONS.filter(({ className }) => recorded.has(className)))(
    'describes $className as ComfyUI does',
    (definition) => {
      const entry = recorded.get(definition.className) ?? null
      expect(formatExactJson(toObjectInfo(definition, lists))).toBe(formatExactJson(entry))
    },
  )

  it('writes floats with their point and integers without', () => {
    const sampler = NODE_DEFINITIONS.filter(({ className }) => className === 'KSampler')
    const text = formatExactJson(sampler.map((definition) => toObjectInfo(definition, lists)))
    expect(text).toContain(
      '"cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0, "step": 0.1, "round": 0.01,',
    )
    expect(text).toContain('"steps": ["INT", {"default": 20, "min": 1, "max": 10000,')
    expect(text).toContain('"max": 18446744073709551615')
  })
})
