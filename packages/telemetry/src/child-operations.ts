import type { ChildProcess } from 'node:child_process'
import { AggregatorRegistry, type Registry } from 'prom-client'
import { readRegistry, type MetricsText, type Readiness } from './operations-server.ts'

/** How long a child may take to answer, milliseconds; a slower one is left out. */
const ANSWER_MS = 2_000

/** What a program shows on its operations port, or to the program that forked it. */
export interface OperationsSource {
  readonly registry: Pick<Registry, 'getMetricsAsJSON'>
  readonly readReadiness: () => Promise<Readiness>
}

interface OperationsRequest {
  readonly kind: 'operations-request'
  readonly id: number
}

interface OperationsAnswer {
  readonly kind: 'operations-answer'
  readonly id: number
  readonly metrics: Awaited<ReturnType<Registry['getMetricsAsJSON']>>
  readonly readiness: Readiness
}

/** Answers, over the channel of a forked process, what its parent asks of its metrics and readiness. */
export function answerOperations({ registry, readReadiness }: OperationsSource): void {
  const tell = async (id: number): Promise<void> => {
    const [metrics, readiness] = await Promise.all([registry.getMetricsAsJSON(), readReadiness()])
    const answer: OperationsAnswer = { kind: 'operations-answer', id, metrics, readiness }
    if (process.connected) process.send?.(answer)
  }
  process.on('message', ({ kind, id }: OperationsRequest) => {
    // Whoever asked takes silence for an answer.
    if (kind === 'operations-request') tell(id).catch(() => undefined)
  })
}

/** Joins the metrics and the readiness of forked programs, so that one port shows all of them. */
export class ChildOperations {
  readonly #children: () => ReadonlyMap<string, ChildProcess | undefined>
  #requests = 0

  /** `children` gives the programs by name; one that is down has no process. */
  constructor(children: () => ReadonlyMap<string, ChildProcess | undefined>) {
    this.#children = children
  }

  /** Metrics of all that answer; each program's carry its own `program` label. */
  async readMetrics(): Promise<MetricsText> {
    const answers = await Promise.all([...this.#children().values()].map((child) => this.#ask(child)))
    const metrics = answers.flatMap((answer) => (answer ? [answer.metrics] : []))
    return readRegistry(AggregatorRegistry.aggregate(metrics))
  }

  /** Ready when all are. */
  async readReadiness(): Promise<Readiness> {
    for (const [name, child] of this.#children()) {
      const answer = await this.#ask(child)
      if (answer === undefined) return { ready: false, reason: `the ${name} does not answer` }
      if (!answer.readiness.ready)
        return { ready: false, reason: `the ${name} is not ready: ${answer.readiness.reason}` }
    }
    return { ready: true }
  }

  #ask(child: ChildProcess | undefined): Promise<OperationsAnswer | undefined> {
    if (child?.connected !== true) return Promise.resolve(undefined)
    const id = (this.#requests += 1)
    return new Promise((resolve) => {
      const finish = (answer: OperationsAnswer | undefined): void => {
        clearTimeout(limit)
        child.off('message', hear)
        resolve(answer)
      }
      const hear = (message: OperationsAnswer): void => {
        if (message.kind === 'operations-answer' && message.id === id) finish(message)
      }
      const limit = setTimeout(() => finish(undefined), ANSWER_MS)
      child.on('message', hear)
      const request: OperationsRequest = { kind: 'operations-request', id }
      child.send(request, (error) => error && finish(undefined))
    })
  }
}
