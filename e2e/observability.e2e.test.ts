import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { postJson } from './kit/calls.ts'
import { findPort } from '@atelier/ledger/test-kit'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

interface SpanJson {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
}

/** Takes spans as an OpenTelemetry collector does. */
async function startCollector(): Promise<{ server: Server; spans: SpanJson[]; address: string }> {
  const spans: SpanJson[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        resourceSpans: { scopeSpans: { spans: SpanJson[] }[] }[]
      }
      for (const { scopeSpans } of body.resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans)
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, spans, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('a server that is watched', () => {
  let atelier: Atelier
  let collector: Awaited<ReturnType<typeof startCollector>>
  let operations: string
  beforeAll(async () => {
    collector = await startCollector()
    const port = await findPort()
    operations = `http://127.0.0.1:${port}`
    atelier = await startAtelier({
      ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '1', ATELIER_METRICS_PORT: String(port) },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.address, OTEL_BSP_SCHEDULE_DELAY: '200' },
    })
    await postTraced({ prompt: 'x', width: 64, height: 64, steps: 3 })
  }, 150_000)
  afterAll(async () => {
    await atelier.stop()
    collector.server.close()
  }, 90_000)

  async function postTraced(body: object): Promise<void> {
    const answer = await fetch(`${atelier.webui}/sdapi/v1/txt2img`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` },
    })
    expect(answer.status).toBe(200)
  }

  it('is alive and ready', async () => {
    expect((await fetch(`${operations}/healthz`)).status).toBe(200)
    const ready = await fetch(`${operations}/readyz`)
    expect([ready.status, await ready.text()]).toEqual([200, 'ready\n'])
  })

  it('shows the metrics of gateway and worker on one port', async () => {
    const text = await (await fetch(`${operations}/metrics`)).text()
    expect(text).toMatch(/atelier_gateway_request_seconds_count\{[^}]*route="\/sdapi\/v1\/txt2img"[^}]*\} 1/)
    expect(text).toMatch(/atelier_jobs_ended_total\{[^}]*state="done"[^}]*\} 1/)
    expect(text).toMatch(/atelier_claims_total\{program="worker"\} 1/)
    expect(text).toMatch(/atelier_step_seconds_count\{program="worker"\} 3/)
    expect(text).toMatch(/atelier_resident_models\{program="worker"\} 1/)
    expect(text).toMatch(/process_resident_memory_bytes\{program="gateway"\}/)
  })

  it('traces a request from the caller through the job to its denoising', async () => {
    const find = (name: string) =>
      collector.spans.find((span) => span.name === name && span.traceId === TRACE)
    const chain = ['POST /sdapi/v1/txt2img', 'run job', 'execute', 'denoise']
    for (const limit = Date.now() + 15_000; !chain.every(find) && Date.now() < limit;)
      await new Promise((resolve) => setTimeout(resolve, 50))
    let parent: string | undefined = '00f067aa0ba902b7'
    for (const name of chain) {
      const span = find(name)
      expect([name, span?.parentSpanId]).toEqual([name, parent])
      parent = span?.spanId
    }
  })

  it('logs JSON lines that name the job, from admission to its end', async () => {
    const body = { prompt: 'y', width: 64, height: 64, steps: 1, force_task_id: 'task(logged)' }
    await postJson(`${atelier.webui}/sdapi/v1/txt2img`, body)
    const lines = atelier
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const admitted = lines.find(({ publicId }) => publicId === 'task(logged)')
    expect(admitted).toMatchObject({ name: 'gateway', event: 'job-created' })
    const events = lines.filter(({ jobId }) => jobId === admitted?.['jobId']).map(({ event }) => event)
    expect(events).toEqual(expect.arrayContaining(['job-created', 'job-claimed', 'job-left']))
  })
})
