import type { JobSummary } from '@atelier/catalog/atelier-api'
import { signal } from '@preact/signals'
import { describe, expect, it } from 'vitest'
import type { Client } from '../api/client.ts'
import { ApiFault } from '../api/fault.ts'
import type { JobsStore } from './jobs.ts'
import type { Lists } from './lists.ts'
import { createPlaygroundStore } from './playground.ts'
import type { TextStore } from './storage.ts'

const LISTS = {
  checkpoints: [
    { name: 'demo', hash: 'aa', family: 'sd1', title: '', size: { width: 256, height: 192 } },
    { name: 'large', hash: 'bb', family: 'sdxl', title: '', size: { width: 1024, height: 1024 } },
  ],
  usualCheckpoint: 'demo',
  samplers: ['Euler a'],
  schedules: ['Automatic'],
} as unknown as Lists
const job = (id: string, state: JobSummary['state'], more: Partial<JobSummary> = {}) =>
  ({ id, state, image_count: 0, error: null, remarks: [], ...more }) as JobSummary

function open(send: (path: string, body: Record<string, unknown>) => unknown) {
  const sent: { path: string; body: Record<string, unknown> }[] = []
  const client = {
    send: async (_method: string, path: string, body: Record<string, unknown>) => {
      sent.push({ path, body })
      return send(path, body)
    },
  } as unknown as Client
  const openJobs = signal<readonly JobSummary[]>([])
  const endedJobs = signal<readonly JobSummary[]>([])
  const jobs = { open: openJobs, ended: endedJobs, onEnd: () => undefined } as unknown as JobsStore
  const lists = { lists: signal<Lists | undefined>(LISTS), load: async () => undefined }
  const nothing: TextStore = { read: () => undefined, write: () => undefined }
  const store = createPlaygroundStore({ client, jobs, lists, browser: nothing, tab: nothing })
  return { store, jobs, openJobs, endedJobs, sent }
}

describe('the playground', () => {
  it('sends pictures of the size of the checkpoint that is chosen', async () => {
    const { store, sent } = open(() => ({ id: 'j1' }))
    await store.generate(undefined)
    store.change({ checkpoint: 'large' })
    await store.generate(undefined)
    expect(sent.map(({ body }) => [body['width'], body['height']])).toEqual([
      [256, 192],
      [1024, 1024],
    ])
  })

  it('shows its own job that runs, or else the first that waits, and nobody else’s', async () => {
    const { store, openJobs } = open((_path, body) => ({ id: body['prompt'] }))
    for (const prompt of ['a', 'b']) {
      store.change({ prompt })
      await store.generate(undefined)
    }
    openJobs.value = [job('other', 'running'), job('a', 'queued'), job('b', 'queued')]
    expect(store.current.value?.id).toBe('a')
    openJobs.value = [job('a', 'queued'), job('b', 'running')]
    expect(store.current.value?.id).toBe('b')
    openJobs.value = [job('other', 'running')]
    expect(store.current.value).toBeUndefined()
  })

  it('puts what is refused to the field it is about, and the rest into words', async () => {
    const faults = [
      { field: 'height', message: 'must be at most 8192' },
      { field: 'script_name', message: 'is not known' },
    ]
    const { store } = open(() => {
      throw new ApiFault(422, 'refused', faults)
    })
    await store.generate(undefined)
    expect(store.fault.value).toEqual({
      message: 'script_name is not known',
      fields: { height: 'must be at most 8192' },
    })
    expect(store.isSending.value).toBe(false)
  })

  it('shows what its own jobs made, and why they failed', async () => {
    const { store, jobs } = open(() => ({ id: 'mine' }))
    await store.generate(undefined)
    jobs.onEnd(job('other', 'done', { image_count: 1 }))
    expect(store.selection.value).toBeUndefined()
    jobs.onEnd(job('mine', 'done', { image_count: 2, remarks: ['An embedding was left out.'] }))
    expect(store.selection.value).toEqual({ jobId: 'mine', index: 0 })
    expect(store.notice.value).toBe('2 pictures are ready. An embedding was left out.')
    jobs.onEnd(job('mine', 'interrupted', { image_count: 1 }))
    expect(store.notice.value).toBe('Interrupted; one picture is kept.')
    const error = { code: 'out-of-memory', message: 'no memory for it', retryable: false }
    jobs.onEnd(job('mine', 'failed', { error }))
    expect(store.notice.value).toBe('It failed: no memory for it')
    expect(store.fault.value?.message).toBe('no memory for it')
  })

  it('shows what its job made that ended before the server had answered', async () => {
    const { store, jobs, endedJobs } = open(() => {
      endedJobs.value = [job('quick', 'done', { image_count: 1 })]
      jobs.onEnd(endedJobs.value[0]!)
      return { id: 'quick' }
    })
    await store.generate(undefined)
    expect(store.selection.value).toEqual({ jobId: 'quick', index: 0 })
    expect(store.notice.value).toBe('One picture is ready.')
  })

  it('takes over what a picture says, and says when it says nothing', async () => {
    const told = { info: 'a cat\nSteps: 7', parameters: { Prompt: 'a cat', Steps: '7' } }
    const { store } = open((_path, { image }) => (image === 'silent' ? { info: '', parameters: {} } : told))
    await store.reuse('silent')
    expect(store.notice.value).toBe('This picture does not say how it was made.')
    expect(store.settings.value.prompt).toBe('')
    await store.reuse('telling')
    expect(store.settings.value).toMatchObject({ prompt: 'a cat', steps: 7, sampler: 'Euler a' })
  })
})
