import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { getJson, postJson } from './kit/calls.ts'

// A call of a network cannot be broken off: its steps take ten minutes here.
describe('a job that is stopped in the middle of a call', () => {
  let atelier: Atelier
  beforeAll(async () => {
    atelier = await startAtelier({
      ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '600000', ATELIER_STOP_SECONDS: '1' },
      ATELIER_SLOTS: '2',
    })
  }, 150_000)
  afterAll(async () => {
    await atelier.stop()
  }, 90_000)

  it('ends with its engine, and another engine takes the next job', async () => {
    const request = { prompt: 'x', width: 64, height: 64, steps: 3 }
    const pending = postJson(`${atelier.webui}/sdapi/v1/txt2img`, request)
    await waitForJob(atelier.webui)
    const [engine] = atelier.findProcesses('fake-engine/main')
    await postJson(`${atelier.webui}/sdapi/v1/interrupt`, {})

    // As A1111 answers a job that was interrupted before its first picture.
    const { status, json } = await pending
    expect(status).toBe(200)
    expect(json).toMatchObject({ images: [] })
    expect(atelier.output()).toContain('a job that is to stop keeps the engine busy; the engine is ended')

    const graph = {
      1: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 7 } },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    }
    const { json: answer } = await postJson(`${atelier.comfy}/prompt`, { prompt: graph })
    const { prompt_id: id } = answer as { prompt_id: string }
    const outputs = await waitForHistory(atelier.comfy, id)
    expect(Object.keys(outputs)).toEqual(['2'])
    expect(atelier.findProcesses('fake-engine/main')).not.toContain(engine)
  }, 120_000)
})

async function waitForJob(address: string): Promise<void> {
  for (;;) {
    const { state } = (await getJson(`${address}/sdapi/v1/progress`)) as { state: { sampling_steps: number } }
    if (state.sampling_steps > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function waitForHistory(address: string, id: string): Promise<object> {
  for (;;) {
    const history = (await getJson(`${address}/history/${id}`)) as Record<string, { outputs: object }>
    if (history[id] !== undefined) return history[id].outputs
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
