import { context, propagation, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api'

/** Instrumentation scope of every span of ours. */
const TRACER = 'atelier'
/** The header and field of the W3C Trace Context that a trace is carried by. */
const FIELD = 'traceparent'

/** The active span as a W3C `traceparent`; empty when nothing is traced. */
export function readTraceparent(): string {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  return carrier[FIELD] ?? ''
}

/** Runs work inside the trace that a `traceparent` names; an empty or malformed one starts a trace of its own. */
export function withTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  if (traceparent === undefined || traceparent === '') return work()
  return context.with(propagation.extract(context.active(), { [FIELD]: traceparent }), work)
}

/**
 * Runs work in a span that is the parent of those begun inside, and ends it when the work's promise settles. Costs next
 * to nothing when tracing was not started.
 */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return trace.getTracer(TRACER).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span)
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error))
      span.setStatus({ code: SpanStatusCode.ERROR })
      throw error
    } finally {
      span.end()
    }
  })
}

/** What a log line says of the active trace; nothing when there is none. */
export function readTraceFields(): { traceId?: string; spanId?: string } {
  const active = trace.getActiveSpan()?.spanContext()
  if (active === undefined || !trace.isSpanContextValid(active)) return {}
  return { traceId: active.traceId, spanId: active.spanId }
}
