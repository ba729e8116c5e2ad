import type { SpanProcessor } from '@opentelemetry/sdk-trace-base'

/** Where spans go, by the OpenTelemetry convention; unset: nowhere, and nothing is loaded. */
const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const

/** What tracing is started with. */
export interface TracingOptions {
  /** Name of the program; `OTEL_SERVICE_NAME` overrides it. */
  readonly service: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Takes the spans instead of the exporter (tests). */
  readonly processor?: SpanProcessor
}

/** A started tracing. */
export interface Tracing {
  readonly isOn: boolean
  /** Sends what is still kept, then stops. Never rejects: a lost span is no fault of the program. */
  close(): Promise<void>
}

/**
 * Sends this process's spans to the OTLP endpoint (HTTP) that the environment names, and carries traces by W3C Trace
 * Context. Without an endpoint nothing is loaded and spans cost nothing.
 */
export async function startTracing({ service, environment, processor }: TracingOptions): Promise<Tracing> {
  if (processor === undefined && !ENDPOINTS.some((name) => (environment[name] ?? '') !== ''))
    return { isOn: false, close: () => Promise.resolve() }
  const { NodeTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-node')
  const { resourceFromAttributes } = await import('@opentelemetry/resources')
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': environment['OTEL_SERVICE_NAME'] ?? service,
      'service.instance.id': String(process.pid),
    }),
    spanProcessors: [processor ?? new BatchSpanProcessor(await createExporter())],
  })
  provider.register()
  return { isOn: true, close: () => provider.shutdown().catch(() => undefined) }
}

async function createExporter() {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  return new OTLPTraceExporter()
}
