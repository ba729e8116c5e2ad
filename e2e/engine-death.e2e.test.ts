import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { describePicture, getJson, postJson } from './kit/calls.ts'

describe('a dying engine', () => {
  let atelier: Atelier
  beforeAll(async () => {
    atelier = await startAtelier()
  }, 150_000)
  afterAll(async () => {
    await atelier.stop()
  }, 90_000)

  it('killed in the middle of a job, still ends with the same picture', async () => {
    const request = { prompt: 'a red circle', seed: 3, width: 384, height: 384, steps: 20 }
    const whole = await postJson(`${atelier.webui}/sdapi/v1/txt2img`, request)

    const pending = postJson(`${atelier.webui}/sdapi/v1/txt2img`, request)
    await waitForProgress(atelier.webui, 0.15)
    const engines = atelier.findProcesses('engine/main')
    expect(engines.length).toBeGreaterThan(0)
    for (const pid of engines) process.kill(pid, 'SIGKILL')

    const { status, json } = await pending
    expect(status).toBe(200)
    const { images } = json as { images: string[] }
    expect(images).toEqual((whole.json as { images: string[] }).images)
    expect(await describePicture(Buffer.from(images[0] ?? '', 'base64'))).toMatchObject({
      width: 384,
      height: 384,
    })
  })
})

async function waitForProgress(address: string, least: number): Promise<void> {
  for (;;) {
    const { progress } = (await getJson(`${address}/sdapi/v1/progress`)) as { progress: number }
    if (progress >= least) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
