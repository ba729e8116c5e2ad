import pino from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import { openTestGateway } from './comfy/test-kit/test-gateway.ts'

describe('createApp', () => {
  it('logs a body that breaks off, and tells its client nothing of the error', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const deps = { ...gateway.deps, logger }
    const app = createApp({ deps, surface: 'comfy', authenticate: () => ({ tenant: 'a' }) })
    const body = new ReadableStream({
      start: (controller) => controller.error(new Error('the line went dead')),
    })
    const headers = { 'transfer-encoding': 'chunked' }
    const answer = await app.request('/prompt', { method: 'POST', headers, body, duplex: 'half' })
    expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
    expect(lines.join('')).toContain('the line went dead')
  })
})
