import { describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases } from '../test-kit.ts'
import { listLabelNumbers, makeLabel } from './label.ts'

// Reference: ComfyUI's encode_adm of SDXL and its refiner, with its defaults. Tolerance of one network call: 2e-5.
interface LabelCase {
  readonly case: string
  readonly arguments: Readonly<Record<string, number>> & { readonly prompt_type?: string }
}

const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const tensors = openFixture(fixture('label.safetensors'))

describe('a label vector', () => {
  it.each(readCases<LabelCase>(fixture('label.jsonl')))('is the original’s: $case, $arguments', (row) => {
    const { width = 768, height = 768, crop_w = 0, crop_h = 0, ...given } = row.arguments
    const numbers = listLabelNumbers(row.case.startsWith('base') ? 'sdxl' : 'sdxl-refiner', {
      ...{ width, height, cropLeft: crop_w, cropTop: crop_h },
      ...{ targetWidth: given['target_width'] ?? width, targetHeight: given['target_height'] ?? height },
      aestheticScore: given['aesthetic_score'] ?? (row.arguments.prompt_type === 'negative' ? 2.5 : 6),
    })
    const label = makeLabel(tensors.tensor(`${row.case}.pooled`), numbers)
    expect(maxDifference(label, tensors.tensor(`${row.case}.y`))).toBeLessThan(2e-5)
  })

  it('has heights before widths, and the refiner a score instead of the target', () => {
    const numbers = {
      ...{ width: 1, height: 2, cropLeft: 3, cropTop: 4, targetWidth: 5, targetHeight: 6 },
      aestheticScore: 7,
    }
    expect(listLabelNumbers('sdxl', numbers)).toEqual([2, 1, 4, 3, 6, 5])
    expect(listLabelNumbers('sdxl-refiner', numbers)).toEqual([2, 1, 4, 3, 7])
  })
})
