import { describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases } from '../test-kit.ts'
import { joinPictureLabel, labelPictures } from './picture-label.ts'

/** What ComfyUI 0.3.64 tells unCLIP models of random embeddings. */
interface Case {
  readonly case: number
  readonly seed: string
  readonly joinedNoise: number
  readonly pictures: readonly { readonly strength: number; readonly noise: number }[]
}

const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const recorded = openFixture(here('picture-labels.safetensors'))

describe('labels of pictures', () => {
  it.each(readCases<Case>(here('picture-labels.jsonl')))('case $case', (row) => {
    const pictures = row.pictures.map((picture, index) => ({
      ...picture,
      embeddings: recorded.tensor(`${row.case}.embeds.${index}`),
    }))
    const label = labelPictures(pictures, { seed: BigInt(row.seed), joinedNoise: row.joinedNoise })
    expect(maxDifference(joinPictureLabel(label), recorded.tensor(`${row.case}.label`))).toBeLessThan(1e-5)
  })
})
