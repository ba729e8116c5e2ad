import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { openGenerationKit, pixelsOf, smallJob } from './test-kit.ts'

const recorded = fileURLToPath(new URL('./__fixtures__/webui-72x56.png', import.meta.url))
const kit = openGenerationKit()
afterAll(() => kit.close())

describe('a picture whose sides cannot be halved all the way down', () => {
  it('is the one that A1111 1.10.1 made of the same checkpoint and request', async () => {
    const job = smallJob({
      images: [{ prompt: 'a photo of a cat', negativePrompt: '', seed: 5n }],
      ...{ width: 72, height: 56 },
    })
    const { data } = await pixelsOf(await kit.run(job))
    const expected = await sharp(recorded).raw().toBuffer()
    expect(data.length).toBe(expected.length)
    expect(Math.max(...data.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThanOrEqual(1)
  })
})
