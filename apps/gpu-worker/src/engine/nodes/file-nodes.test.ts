import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeEach, describe, expect, it } from 'vitest'
import type { EngineFile } from '../../engine-protocol.ts'
import { toComfyTexts } from '../image/comfy-texts.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import type { LatentValue, NodeContext } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const values = (shape: readonly number[]) => {
  const tensor = createTensor(shape)
  tensor.data.forEach((_, i) => (tensor.data[i] = ((i * 37) % 101) / 101))
  return tensor
}

describe('nodes that write and read files', () => {
  let kept: EngineFile[]
  let counters: Map<string, number>
  beforeEach(() => {
    kept = []
    counters = new Map()
  })
  const context = (omits = false): Partial<NodeContext> =>
    ({
      nodeId: '7',
      job: {
        allocate: async (counter: string, count: number) => {
          const first = counters.get(counter) ?? 1
          counters.set(counter, first + count)
          return first
        },
      },
      fileTexts: () =>
        omits ? [] : toComfyTexts('{"7": {"x": 1.0}}', '{"extra_pnginfo": {"workflow": {"é": 1}}}'),
      nameTemp: () => ({ stem: 'temp_abc', number: 4 }),
      keep: (file: EngineFile) => void kept.push(file),
    }) as unknown as NodeContext

  it('saves a latent with what it was made from, and loads it again', async () => {
    const samples = values([2, 4, 3, 5])
    const args = { samples: new NodeValue({ samples }), filename_prefix: 'latents/lat' }
    await callNode('SaveLatent', args, context())
    await callNode('SaveLatent', args, context())
    expect(kept.map(({ file }) => [file.subfolder, file.name])).toEqual([
      ['latents', 'lat_00001_.latent'],
      ['latents', 'lat_00002_.latent'],
    ])
    const { bytes } = kept[0]!
    const path = join(mkdtempSync(join(tmpdir(), 'saved-')), 'x.safetensors')
    writeFileSync(path, bytes)
    const file = readSafetensors(path)
    expect(file.metadata).toEqual({ prompt: '{"7": {"x": 1.0}}', workflow: '{"\\u00e9": 1}' })
    expect(file.tensors.get('latent_format_version_0')?.shape).toEqual([0])
    const inputFiles = new Map([['lat_00001_.latent', bytes]])
    const [loaded] = await callNode('LoadLatent', { latent: 'lat_00001_.latent' }, { inputFiles })
    expect((loaded as LatentValue).samples).toEqual(samples)
  })

  it('brings latents of files without a version to the autoencoder’s scale', async () => {
    const samples = values([1, 4, 2, 2])
    const bytes = formatSafetensors([['latent_tensor', samples]], new Map())
    const [loaded] = await callNode('LoadLatent', { latent: 'a' }, { inputFiles: new Map([['a', bytes]]) })
    const { data } = (loaded as LatentValue).samples
    data.forEach((value, i) => expect(value).toBeCloseTo(samples.data[i]! / 0.18215, 5))
  })

  it('refuses a latent that is none, and one that is gone', async () => {
    const load = (files: [string, Uint8Array][]) =>
      callNode('LoadLatent', { latent: 'cat.latent' }, { inputFiles: new Map(files) })
    const bad = new TextEncoder().encode('not a latent at all')
    await expect(load([['cat.latent', bad]])).rejects.toThrow('the latent file cat.latent cannot be read: ')
    const other = formatSafetensors([['x', values([1])]], new Map())
    await expect(load([['cat.latent', other]])).rejects.toThrow('it has no tensor "latent_tensor"')
    await expect(load([])).rejects.toThrow('the latent file cat.latent is not stored any more')
  })

  it('leaves out what a file was made from where that is switched off', async () => {
    const args = { samples: new NodeValue({ samples: values([1, 4, 1, 1]) }), filename_prefix: 'x' }
    await callNode('SaveLatent', args, context(true))
    expect(Buffer.from(kept[0]!.bytes).includes('__metadata__')).toBe(false)
  })

  it('saves an animation under one number, with its texts', async () => {
    const images = new NodeValue(values([3, 8, 16, 3]))
    const common = { images, filename_prefix: 'a/anim', fps: 6 }
    await callNode(
      'SaveAnimatedWEBP',
      { ...common, lossless: true, quality: 80, method: 'fastest' },
      context(),
    )
    await callNode('SaveAnimatedPNG', { ...common, compress_level: 4 }, context())
    expect(kept.map(({ file }) => `${file.subfolder}/${file.name}`)).toEqual([
      'a/anim_00001_.webp',
      'a/anim_00002_.png',
    ])
    const { pages, delay, exif } = await sharp(kept[0]!.bytes, { animated: true }).metadata()
    expect([pages, delay]).toEqual([3, [166, 166, 166]])
    expect(exif?.toString('latin1')).toContain('workflow:{"\\u00e9": 1}')
    expect(Buffer.from(kept[1]!.bytes).toString('latin1')).toContain('comfprompt\0{"7": {"x": 1.0}}')
  })

  it('leaves the place in the batch to SaveImage, and counts', async () => {
    const args = {
      samples: new NodeValue({ samples: values([1, 4, 1, 1]) }),
      filename_prefix: 'x%batch_num%',
    }
    await callNode('SaveLatent', args, context())
    await callNode('SaveLatent', args, context())
    expect(kept.map(({ file }) => file.name)).toEqual([
      'x%batch_num%_00001_.latent',
      'x%batch_num%_00002_.latent',
    ])
  })

  it('shows a mask as a grey picture of the temp folder', async () => {
    const mask = createTensor([1, 2, 3], Float32Array.of(0, 0.5, 1, 1, 0.5, 0))
    await callNode('MaskPreview', { mask: new NodeValue(mask) }, context())
    expect(kept[0]!.file.name).toBe('temp_abc_00004_.png')
    const { data, info } = await sharp(kept[0]!.bytes).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([3, 2, 3])
    expect([...data.subarray(0, 9)]).toEqual([0, 0, 0, 127, 127, 127, 255, 255, 255])
  })
})
