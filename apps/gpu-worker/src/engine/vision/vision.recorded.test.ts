import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openVision } from '../checkpoint/detect-vision.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import type { Loaded } from '../models/loaded.ts'
import { loadVision, type VisionEncoder } from './load-vision.ts'
import { preparePictures } from './prepare-picture.ts'

/** Tiny random encoders in both layouts, and what ComfyUI 0.3.64 says with them of random pictures. */
interface Case {
  readonly case: string
  readonly model: string
  readonly image: string
  readonly crop: 'center' | 'none'
}

const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const cases = readCases<Case>(here('vision.jsonl'))
const recorded = openFixture(here('vision.safetensors'))
const folder = mkdtempSync(join(tmpdir(), 'vision-'))
const models = new Map<string, Loaded<VisionEncoder>>()

function unpack(name: string): string {
  const path = join(folder, `${name}.safetensors`)
  writeFileSync(path, gunzipSync(readFileSync(here(`${name}.safetensors.gz`))))
  return path
}

beforeAll(() => {
  for (const name of new Set(cases.map(({ model }) => model)))
    models.set(name, loadVision(unpack(name), TEST_SESSION))
})

afterAll(async () => {
  for (const { release } of models.values()) await release()
  rmSync(folder, { recursive: true })
})

describe('pictures are encoded as the original encodes them', () => {
  it.each(cases)('$model, $image, cut: $crop', async ({ case: name, model, image, crop }) => {
    const { imageSize, encode } = models.get(model)!.value
    const seen = preparePictures(recorded.tensor(`image.${image}`), imageSize, crop === 'center')
    const { embeddings, last, penultimate } = await encode(seen)
    expect(maxDifference(embeddings, recorded.tensor(`${name}.embeds`))).toBeLessThan(2e-5)
    expect(maxDifference(last, recorded.tensor(`${name}.last`))).toBeLessThan(1e-4)
    expect(maxDifference(penultimate, recorded.tensor(`${name}.penultimate`))).toBeLessThan(1e-4)
  })
})

describe('a file of a picture encoder', () => {
  it('says its sizes, and by its depth how it was trained', () => {
    const read = (name: string) => openVision(readWeightFile(unpack(name))).config
    expect(read('vit-l')).toMatchObject({ layers: 24, imageSize: 24, patchSize: 8, activation: 'quick-gelu' })
    expect(read('open-clip')).toMatchObject({ layers: 26, activation: 'gelu' })
  })

  it('is no checkpoint', () => {
    expect(() => openVision(readWeightFile(unpackTinyCheckpoint()))).toThrow('no picture encoder')
  })
})
