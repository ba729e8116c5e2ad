import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { postJson } from './kit/calls.ts'
import { readNote } from './kit/pixel-note.ts'

describe('the fake engine', () => {
  let atelier: Atelier
  beforeAll(async () => {
    atelier = await startAtelier({ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '2', ATELIER_SLOTS: '4' })
  }, 150_000)
  afterAll(async () => {
    await atelier.stop()
  }, 90_000)

  it('gives each of many requests at once a picture that names it', async () => {
    const ids = Array.from({ length: 24 }, (_, i) => `task(chaos-${i})`)
    const noted = await Promise.all(ids.map(async (id) => readNote(await makePicture(id))))
    expect(noted).toEqual(ids)
  })

  async function makePicture(taskId: string): Promise<Buffer> {
    const request = { prompt: 'x', width: 64, height: 64, steps: 3, force_task_id: taskId }
    const { status, json } = await postJson(`${atelier.webui}/sdapi/v1/txt2img`, request)
    expect(status).toBe(200)
    return Buffer.from((json as { images: string[] }).images[0] ?? '', 'base64')
  }
})
