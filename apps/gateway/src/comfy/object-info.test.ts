import { readFileSync } from 'node:fs'
import { formatExactJson, toPlain } from '@atelier/catalog/exact-json'
import { NODE_DEFINITIONS, type ChoiceSource } from '@atelier/catalog/nodes'
import { describe, expect, it } from 'vitest'
import { toObjectInfo } from './object-info.ts'

const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/object_info.json', import.meta.url), 'utf8'),
) as Record<string, unknown>

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
    const served = Object.keys(recorded).filter((name) => names.includes(name))
    expect(names.filter((name) => Object.hasOwn(recorded, name))).toEqual(served)
  })

  it.each(NODE_DEFINITIONS.filter(({ className }) => Object.hasOwn(recorded, className)))(
    'describes $className as ComfyUI does',
    (definition) => {
      const info = toPlain(toObjectInfo(definition, lists)) as object
      expect(JSON.parse(JSON.stringify(info))).toEqual(recorded[definition.className])
      expect(Object.keys(info)).toEqual(Object.keys(recorded[definition.className] as object))
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
