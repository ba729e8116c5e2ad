import { formatExactJson, toPlain } from '@atelier/catalog/exact-json'
import { ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { GatewayDeps } from '../../deps.ts'
import { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import { compareNaturally } from './list-usable.ts'
import { LISTS } from './lists.ts'

const file = (kind: keyof typeof ModelKind, name: string, more: Partial<ModelFile> = {}) =>
  ModelFile.fromPartial({
    kind: ModelKind[kind] as ModelKind,
    name,
    path: `/models/${name}`,
    identity: name,
    ...more,
  })

function open(files: readonly ModelFile[], options: Readonly<Record<string, string>> = {}): GatewayDeps {
  const models = new DirectoryModelIndex()
  models.replace([WorkerDescription.fromPartial({ id: 'w', models: [...files] })])
  const documents = { read: () => Promise.resolve({ value: JSON.stringify(options), revision: 1 }) }
  return { models, store: { documents } } as unknown as GatewayDeps
}

const answer = async (name: string, files: readonly ModelFile[]) =>
  toPlain(await LISTS[name]!(open(files), 'open'))
const BROKEN = { unusableReason: 'it is broken' }

describe('lists of models', () => {
  it('tell of a checkpoint its hashes once they are known, and its configuration where it has one', async () => {
    const sha256 = '0123456789abcdef'.repeat(4)
    const listed = await answer('sd-models', [
      file('MODEL_KIND_CHECKPOINT', 'b/x.safetensors', { sha256, configPath: '/models/b/x.yaml' }),
      file('MODEL_KIND_CHECKPOINT', 'a.ckpt'),
      file('MODEL_KIND_CHECKPOINT', 'broken.ckpt', BROKEN),
    ])
    expect(listed).toEqual([
      {
        title: 'a.ckpt',
        model_name: 'a',
        hash: null,
        sha256: null,
        filename: '/models/a.ckpt',
        config: null,
      },
      {
        ...{ title: 'b/x.safetensors [0123456789]', model_name: 'b_x', hash: '0123456789', sha256 },
        ...{ filename: '/models/b/x.safetensors', config: '/models/b/x.yaml' },
      },
    ])
  })

  it('give text encoders with the autoencoders under Forge’s name alone', async () => {
    const files = [file('MODEL_KIND_VAE', 'v/kl.pt'), file('MODEL_KIND_TEXT_ENCODER', 'clip.safetensors')]
    expect(await answer('sd-vae', files)).toEqual([{ model_name: 'kl.pt', filename: '/models/v/kl.pt' }])
    expect(await answer('sd-modules', files)).toHaveLength(2)
  })

  it('order a LoRA’s metadata as A1111 does, and read what trainers stored as JSON', async () => {
    const metadata = {
      z: '1',
      ss_tag_frequency: '{"d": {"b": 2, "a": 10}}',
      other: '{broken',
      ss_sd_model_name: 'sd',
      list: '[1]',
    }
    const lora = file('MODEL_KIND_LORA', 'sub/style.safetensors', {
      metadata: { ...metadata, ss_output_name: 'Style' },
    })
    const listed = await LISTS['loras']!(open([lora]), 'open')
    expect(formatExactJson(listed)).toBe(
      '[{"name": "style", "alias": "Style", "path": "/models/sub/style.safetensors", "metadata": ' +
        '{"ss_sd_model_name": "sd", "ss_tag_frequency": {"d": {"b": 2, "a": 10}}, "z": "1", "other": "{broken", ' +
        '"list": "[1]", "ss_output_name": "Style"}}]',
    )
  })

  it('keep embeddings apart that the selected checkpoint cannot use', async () => {
    const files = [
      file('MODEL_KIND_CHECKPOINT', 'sd15.safetensors', { family: 'sd1' }),
      file('MODEL_KIND_EMBEDDING', 'small.pt', {
        embeddingWidth: 768,
        embeddingVectors: 2,
        metadata: { step: '1500', sd_checkpoint: 'abc' },
      }),
      file('MODEL_KIND_EMBEDDING', 'large.pt', {
        embeddingWidth: 1024,
        embeddingVectors: 1,
        metadata: { step: 'x' },
      }),
    ]
    const facts = { sd_checkpoint_name: null, vectors: 1 }
    expect(await answer('embeddings', files)).toEqual({
      loaded: { small: { ...facts, step: 1500, sd_checkpoint: 'abc', shape: 768, vectors: 2 } },
      skipped: { large: { ...facts, step: null, sd_checkpoint: null, shape: 1024 } },
    })
    // Without a checkpoint nothing can be told apart.
    expect(await answer('embeddings', files.slice(1))).toMatchObject({
      loaded: { small: {}, large: {} },
      skipped: {},
    })
  })

  it('give upscalers after the built-in ones, with floats for their scales', async () => {
    const files = [
      file('MODEL_KIND_UPSCALER', 'ESRGAN/b.pth'),
      file('MODEL_KIND_UPSCALER', 'SwinIR/A.pth', { family: 'swinir' }),
      file('MODEL_KIND_UPSCALER', 'broken.pth', BROKEN),
    ]
    const text = formatExactJson(await LISTS['upscalers']!(open(files), 'open'))
    expect(text).toMatch(
      /^\[\{"name": "None", "model_name": null, "model_path": null, "model_url": null, "scale": 4\.0\}/,
    )
    expect(text).toMatch(
      /\{"name": "A", "model_name": "SwinIR 4x", [^}]*\}, \{"name": "b", "model_name": "ESRGAN_4x", "model_path": "\/models\/ESRGAN\/b\.pth", "model_url": null, "scale": 4\.0\}\]$/,
    )
  })

  it('give hypernetworks by name', async () => {
    expect(await answer('hypernetworks', [file('MODEL_KIND_HYPERNETWORK', 'x/anime.pt')])).toEqual([
      { name: 'anime', path: '/models/x/anime.pt' },
    ])
  })

  it('tell rho of schedules as the float it is in Python', async () => {
    const text = formatExactJson(await LISTS['schedulers']!(open([]), 'open'))
    expect(text).toMatch(
      /"name": "karras", "label": "Karras", "aliases": null, "default_rho": 7\.0, "need_inner_model": false/,
    )
    expect(text).toMatch(/"name": "uniform", [^}]*"default_rho": -1(\.0)?, /)
  })
})

describe('compareNaturally', () => {
  it.each([
    [
      ['a10', 'A9', 'a1'],
      ['a1', 'A9', 'a10'],
    ],
    [
      ['b', 'a2b', 'a2', 'a'],
      ['a', 'a2', 'a2b', 'b'],
    ],
    [
      ['x10y2', 'x10y10', 'x9'],
      ['x9', 'x10y2', 'x10y10'],
    ],
    [
      ['1', '', '01x'],
      ['', '1', '01x'],
    ],
  ])('orders %j', (names, ordered) => {
    expect([...names].sort(compareNaturally)).toEqual(ordered)
  })
})
