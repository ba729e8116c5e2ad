import { describe, expect, it } from 'vitest'
import type { Client } from '../api/client.ts'
import { createListsStore } from './lists.ts'

const BODIES: Readonly<Record<string, unknown>> = {
  'sdapi/v1/sd-models': [
    { title: 'sub/paper.safetensors [1122334455]', model_name: 'sub_paper', hash: '1122334455' },
    { title: 'demo.safetensors', model_name: 'demo', hash: null },
  ],
  'atelier/v1/models': {
    models: [
      { name: 'demo.safetensors', family: 'sd1', title: 'Demo glyphs', resolution: '256x192' },
      { name: 'sub/paper.safetensors', family: 'sdxl', title: '', resolution: '' },
    ],
  },
  'sdapi/v1/options': { sd_model_checkpoint: 'sub/paper.safetensors [1122334455]' },
  'sdapi/v1/sd-vae': [{ model_name: 'vae.pt' }],
  'sdapi/v1/samplers': [{ name: 'Euler' }],
  'sdapi/v1/schedulers': [{ name: 'karras', label: 'Karras' }],
  'sdapi/v1/upscalers': [{ name: 'None' }, { name: 'Lanczos' }],
  'sdapi/v1/latent-upscale-modes': [{ name: 'Latent' }],
  'sdapi/v1/loras': [{ name: 'style', alias: 'My style' }],
}

describe('createListsStore', () => {
  it('joins what the WebUI lists with what the workers tell of their files', async () => {
    const client = { getJson: async (path: string) => BODIES[path] } as unknown as Client
    const store = createListsStore(client)
    expect(store.lists.value).toBeUndefined()
    await store.load()
    expect(store.lists.value).toEqual({
      checkpoints: [
        // Its family's size, for the file does not tell its own.
        {
          name: 'sub_paper',
          hash: '1122334455',
          family: 'sdxl',
          title: '',
          size: { width: 1024, height: 1024 },
        },
        { name: 'demo', hash: '', family: 'sd1', title: 'Demo glyphs', size: { width: 256, height: 192 } },
      ],
      usualCheckpoint: 'sub_paper',
      vaes: ['vae.pt'],
      samplers: ['Euler'],
      schedules: ['Karras'],
      upscalers: ['Lanczos'],
      latentUpscalers: ['Latent'],
      loras: [{ name: 'style', alias: 'My style' }],
    })
  })
})
