import { ModelKind, type ModelFile } from '@atelier/proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const MODELS: readonly Partial<ModelFile>[] = [
  { name: 'b.safetensors', modifiedAtMs: 1_500, sizeBytes: 12, metadata: { 'modelspec.title': 'B' } },
  { name: 'a.ckpt', metadata: { title: 'no safetensors' } },
  { name: 'sub/c.safetensors' },
  { name: 'sub.deep/d.safetensors' },
  { name: 'broken.safetensors', unusableReason: 'its header is cut off' },
  { kind: ModelKind.MODEL_KIND_EMBEDDING, name: 'zebra.pt' },
  { kind: ModelKind.MODEL_KIND_EMBEDDING, name: 'sub/v1.2.safetensors' },
]

// comfyui-api.md 2.4 and 2.7: ComfyUI 0.3.64.
describe('the routes of models', () => {
  let gateway: TestGateway
  beforeAll(async () => (gateway = await openTestGateway({ models: MODELS })))
  afterAll(() => gateway.close())
  const ask = async (path: string) => {
    const answer = await gateway.request('GET', path)
    const text = await answer.text()
    return [answer.status, text === '' ? '' : (JSON.parse(text) as unknown)] as const
  }

  it('list the folders of ComfyUI in its order', async () => {
    expect(await ask('/models')).toEqual([
      200,
      [
        ...['checkpoints', 'configs', 'loras', 'vae', 'text_encoders', 'diffusion_models', 'clip_vision'],
        ...[
          'style_models',
          'embeddings',
          'diffusers',
          'vae_approx',
          'controlnet',
          'gligen',
          'upscale_models',
        ],
        ...['custom_nodes', 'hypernetworks', 'photomaker', 'classifiers', 'model_patches', 'audio_encoders'],
      ],
    ])
  })

  it('list the files of a folder that can be used', async () => {
    const [status, names] = await ask('/models/checkpoints')
    expect(status).toBe(200)
    expect(names).toEqual(['a.ckpt', 'b.safetensors', 'sub.deep/d.safetensors', 'sub/c.safetensors'])
    expect(await ask('/models/loras')).toEqual([200, []])
    expect(await ask('/models/Checkpoints'), 'names are exact').toEqual([404, ''])
  })

  it('list embeddings without their endings', async () => {
    expect(await ask('/embeddings')).toEqual([200, ['sub/v1.2', 'zebra']])
  })

  it('tell the metadata of safetensors files', async () => {
    expect(await ask('/view_metadata/checkpoints?filename=b.safetensors')).toEqual([
      200,
      { 'modelspec.title': 'B' },
    ])
    for (const query of [
      ...['checkpoints?filename=a.ckpt', 'checkpoints?filename=sub/c.safetensors', 'checkpoints'],
      ...['checkpoints?filename=none.safetensors', 'nothing?filename=b.safetensors', 'configs?filename=x'],
    ])
      expect(await ask(`/view_metadata/${query}`), query).toEqual([404, ''])
  })

  describe('of the model library', () => {
    it('name folders without telling where they are on a disk', async () => {
      const [, folders] = await ask('/experiment/models')
      const listed = folders as { name: string; folders: string[] }[]
      expect(listed[0]).toEqual({
        name: 'checkpoints',
        folders: ['/models/checkpoints', '/output/checkpoints'],
      })
      expect(listed.map(({ name }) => name)).not.toContain('configs')
      expect(listed.map(({ name }) => name)).not.toContain('custom_nodes')
    })

    it('describe files, those of a folder before those below it', async () => {
      const [, files] = await ask('/experiment/models/checkpoints')
      const listed = files as { name: string }[]
      expect(listed.map(({ name }) => name)).toEqual([
        ...['a.ckpt', 'b.safetensors', 'sub/c.safetensors', 'sub.deep/d.safetensors'],
      ])
      expect(listed[1]).toEqual({
        name: 'b.safetensors',
        pathIndex: 0,
        modified: 1.5,
        created: 1.5,
        size: 12,
      })
      expect(await ask('/experiment/models/nothing')).toEqual([404, ''])
    })

    it('have no pictures, and fail for a path that a folder does not have', async () => {
      const preview = async (place: string) =>
        (await gateway.request('GET', `/experiment/models/preview/${place}`)).status
      expect(await preview('checkpoints/1/b.safetensors')).toBe(404)
      expect(await preview('nothing/0/b.safetensors')).toBe(404)
      expect(await preview('checkpoints/2/b.safetensors')).toBe(500)
      expect(await preview('checkpoints/x/b.safetensors')).toBe(500)
    })
  })
})
