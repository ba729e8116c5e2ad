// @vitest-environment happy-dom
import type { WorkerBody } from '@atelier/catalog/atelier-api'
import { screen, waitFor, within } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'
import { toModel } from '../test-kit/scripted-server.ts'

const GIB = 2 ** 30
const worker: WorkerBody = {
  ...{ id: 'gpu-a', version: '1.2.3', state: 'ready', started_at_ms: 0, slots: 4, running: 1 },
  ...{ loaded: ['dream.safetensors'], models: 7, unusable_models: 0, engine_restarts: 0 },
  device: {
    ...{ name: 'cuda:0', title: 'NVIDIA H200', memory_total_bytes: 140 * GIB, memory_free_bytes: 100 * GIB },
    ...{ host_total_bytes: 64 * GIB, host_free_bytes: 32 * GIB },
  },
}

describe('the page of workers', () => {
  it('tells of every worker: device, slots, memory, models', async () => {
    const { go } = openPage({
      workers: [
        worker,
        { ...worker, id: 'gpu-b', state: 'draining', unusable_models: 2, engine_restarts: 3 },
      ],
    })
    await go('Workers')
    await screen.findByText('2 alive · 2 of 8 slots busy')
    const [first, second] = screen.getAllByRole('heading', { level: 2 }).map((one) => one.closest('li')!)
    for (const text of ['Ready', 'NVIDIA H200', '1 of 4', '40.0 GB of 140 GB', '32.0 GB of 64.0 GB'])
      within(first!).getByText(text, { exact: false })
    expect(within(first!).getByRole('progressbar', { name: 'Device memory in use' })).toHaveProperty(
      'value',
      40 * GIB,
    )
    for (const text of ['Drains: takes no new jobs', '2 cannot be used', 'Engine restarts3'])
      expect(second?.textContent).toContain(text)
  })

  it('says that jobs wait where no worker is alive, and why it cannot be told', async () => {
    const { go, server } = openPage()
    await go('Workers')
    await screen.findByText('No worker is alive: jobs wait until one is.')
    server.answer('atelier/v1/workers', () =>
      Response.json({ detail: 'the broker is away' }, { status: 503 }),
    )
    // The page asks every three seconds.
    const alert = await screen.findByRole('alert', {}, { timeout: 10_000 })
    expect(alert.textContent).toBe('the broker is away')
  })
})

describe('the page of models', () => {
  const models = [
    toModel({ sha256: 'c0ffee'.padEnd(64, '0'), loaded_on: ['gpu-a'], title: 'Dream' }),
    toModel({ kind: 'lora', name: 'ink.safetensors', family: 'sdxl' }),
    toModel({
      kind: 'vae',
      name: 'broken.safetensors',
      family: '',
      unusable_reason: 'its header is cut off',
    }),
  ]
  const rows = () =>
    screen
      .getAllByRole('row')
      .slice(1)
      .map((row) => within(row).getByRole('rowheader').textContent)

  it('lists files with what is known of them', async () => {
    const { go } = openPage({ models })
    await go('Models')
    await screen.findByText(/3 files · 1 cannot be used/)
    const dream = screen.getByRole('row', { name: /dream/ })
    expect(within(dream).getByText('c0ffee0000').getAttribute('title')).toHaveLength(64)
    within(dream).getByText('loaded')
    within(screen.getByRole('row', { name: /ink/ })).getByText('not yet')
    screen.getByText('Cannot be used because its header is cut off')
  })

  it('finds them by name, title, family or hash, by type, and those that cannot be used', async () => {
    const { go, user } = openPage({ models })
    await go('Models')
    const search = await screen.findByRole('searchbox')
    for (const [text, expected] of [
      ['INK', ['ink.safetensors']],
      ['c0ffee', ['dream.safetensors Dream']],
      ['sdxl', ['ink.safetensors']],
    ] as const) {
      await user.clear(search)
      await user.type(search, text)
      await waitFor(() => expect(rows()).toEqual(expected))
    }
    await user.clear(search)
    await user.click(screen.getByRole('checkbox', { name: 'Only what cannot be used' }))
    await waitFor(() => expect(rows()).toHaveLength(1))
    await user.selectOptions(screen.getByLabelText('Type'), 'LoRA')
    await screen.findByText('No file fits.')
  })
})
