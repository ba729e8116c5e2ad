import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTracing, type Tracing } from './start-tracing.ts'
import { inSpan, readTraceFields, readTraceparent, withTraceparent } from './tracing.ts'

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

describe('tracing that was not started', () => {
  it('loads nothing without an endpoint, and costs nothing', async () => {
    const tracing = await startTracing({ service: 'test', environment: {} })
    expect(tracing.isOn).toBe(false)
    expect(await inSpan('work', {}, async () => readTraceparent())).toBe('')
    expect(withTraceparent(CALLER, () => readTraceFields())).toEqual({})
    await tracing.close()
  })
})

describe('tracing', () => {
  const exporter = new InMemorySpanExporter()
  let tracing: Tracing
  beforeAll(async () => {
    const processor = new SimpleSpanProcessor(exporter)
    tracing = await startTracing({ service: 'test', environment: {}, processor })
  })
  afterEach(() => exporter.reset())
  afterAll(() => tracing.close())

  const spans = () => exporter.getFinishedSpans()

  it('goes on in the trace of a caller and hands it on', async () => {
    const handedOn = await withTraceparent(CALLER, () => inSpan('request', {}, async () => readTraceparent()))
    const [request] = spans()
    expect(request?.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    expect(handedOn).toBe(`00-0af7651916cd43dd8448eb211c80319c-${request?.spanContext().spanId}-01`)
  })

  it('makes spans begun inside another its children, across awaits', async () => {
    await inSpan('job', {}, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await inSpan('denoise', { 'atelier.steps': 20 }, () => Promise.resolve())
    })
    const [denoise, job] = spans()
    expect(denoise?.name).toBe('denoise')
    expect(denoise?.attributes).toEqual({ 'atelier.steps': 20 })
    expect(denoise?.parentSpanContext?.spanId).toBe(job?.spanContext().spanId)
  })

  it('marks a span whose work fails and passes the error on', async () => {
    const failing = inSpan('decode', {}, () => Promise.reject(new Error('NaN')))
    await expect(failing).rejects.toThrow('NaN')
    const [span] = spans()
    expect(span?.status.code).toBe(2)
    expect(span?.events[0]?.attributes?.['exception.message']).toBe('NaN')
  })

  it.each(['', 'nonsense', undefined])(
    'starts a trace of its own after the traceparent %j',
    async (given) => {
      await withTraceparent(given, () => inSpan('request', {}, () => Promise.resolve()))
      expect(spans()[0]?.parentSpanContext).toBeUndefined()
    },
  )

  it('names the trace in log lines', async () => {
    const fields = await withTraceparent(CALLER, () => inSpan('request', {}, async () => readTraceFields()))
    expect(fields).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: spans()[0]?.spanContext().spanId,
    })
  })
})

describe('the exporter', () => {
  it('sends spans to the endpoint that the environment names', async () => {
    const bodies: string[] = []
    const collector = createServer((request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString()))
      request.on('end', () => {
        bodies.push(`${request.url} ${body}`)
        response.end('{}')
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    const { port } = collector.address() as AddressInfo
    const source = `
      import { startTracing, inSpan } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
      const tracing = await startTracing({ service: 'atelier-test', environment: process.env })
      await inSpan('denoise', {}, async () => undefined)
      await tracing.close()`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      stdio: 'inherit',
    })
    const code = await new Promise((resolve) => child.once('exit', resolve))
    collector.close()
    expect(code).toBe(0)
    expect(bodies.join('\n')).toContain('/v1/traces')
    expect(bodies.join('\n')).toContain('"denoise"')
    expect(bodies.join('\n')).toContain('atelier-test')
  })
})
