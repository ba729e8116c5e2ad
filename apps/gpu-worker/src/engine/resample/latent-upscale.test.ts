import { describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases } from '../test-kit.ts'
import { findLatentMethod, resizeLatent } from './latent-upscale.ts'

// Reference: torch.nn.functional.interpolate with A1111 v1.10.1's table of latent upscalers. Tolerance: 1e-5.
const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const tensors = openFixture(fixture('latent-upscale.safetensors'))

interface Case {
  readonly args: { readonly name: string; readonly size: readonly [number, number] }
  readonly in: { readonly latent: string }
  readonly out: { readonly latent: string }
}

describe('a latent upscaler', () => {
  it.each(readCases<Case>(fixture('latent-upscale.jsonl')))('$args.name resizes to $args.size', (row) => {
    const [height, width] = row.args.size
    const resized = resizeLatent(
      tensors.tensor(row.in.latent),
      { width, height },
      findLatentMethod(row.args.name)!,
    )
    expect(maxDifference(resized, tensors.tensor(row.out.latent))).toBeLessThan(1e-5)
  })

  it('is not one of pictures', () => expect(findLatentMethod('Lanczos')).toBeUndefined())
})
