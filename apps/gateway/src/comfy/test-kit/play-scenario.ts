import { findDifference, type Bindings } from './match-recorded.ts'
import {
  describeFrame,
  playRun,
  readRuns,
  toComparable,
  type RecordedFrame,
  type RecordedRun,
  type Scenario,
  type ScenarioStep,
} from './socket-scenario.ts'
import type { ScriptedRun, Script } from './scripted-dispatcher.ts'
import { openTestGateway, type FakeSocket, type TestGateway } from './test-gateway.ts'

/** How long a scenario may take, milliseconds. */
const LIMIT_MS = 10_000

/** How a scenario differs from its recording, socket by socket; empty: not at all. */
export type ScenarioDifferences = readonly string[]

/** Prepares a fresh gateway for a scenario (models, input files). */
export type PrepareGateway = (gateway: TestGateway) => Promise<void>

/**
 * Plays a recorded scenario against a gateway whose worker does what the recorded one did, and compares what the
 * sockets hear.
 */
export async function playScenario(
  scenario: Scenario,
  prepare: PrepareGateway,
): Promise<ScenarioDifferences> {
  const runs = await readAllRuns(scenario)
  const player = new ScenarioPlayer(scenario, runs)
  return player.play(prepare)
}

async function readAllRuns(scenario: Scenario): Promise<Map<string, RecordedRun>> {
  const runs = new Map<string, RecordedRun>()
  const clients = new Map(
    scenario.steps.filter((step) => step.do === 'connect').map((step) => [step.socket ?? '', step.clientId]),
  )
  const byClient = new Map<unknown, RecordedFrame[]>()
  for (const [name, frames] of Object.entries(scenario.messages)) {
    const client = clients.get(name) ?? name
    // Sockets of one client heard parts of the same runs, one after the other.
    byClient.set(client, [...(byClient.get(client) ?? []), ...frames])
  }
  for (const frames of byClient.values()) {
    for (const [promptId, run] of await readRuns(frames)) {
      const known = runs.get(promptId)
      if (known === undefined || known.happenings.length < run.happenings.length) runs.set(promptId, run)
    }
  }
  return runs
}

class ScenarioPlayer {
  readonly #scenario: Scenario
  readonly #runs: ReadonlyMap<string, RecordedRun>
  readonly #sockets = new Map<string, FakeSocket>()
  readonly #bindings: Bindings = new Map()
  readonly #differences: string[] = []
  #next = 0
  #isActing = false
  #gateway!: TestGateway

  constructor(scenario: Scenario, runs: ReadonlyMap<string, RecordedRun>) {
    this.#scenario = scenario
    this.#runs = runs
  }

  async play(prepare: PrepareGateway): Promise<ScenarioDifferences> {
    const settings = toSettings(this.#scenario.server_args)
    const script: Script = (run) => this.#run(run)
    this.#gateway = await openTestGateway({ settings, script, beforeTelling: () => this.#waitForSteps() })
    try {
      await prepare(this.#gateway)
      await this.#actAll()
      await this.#gateway.dispatcher.settle()
      await this.#waitForFrames()
      for (const name of this.#sockets.keys()) await this.#compare(name)
    } finally {
      await this.#gateway.close()
    }
    return this.#differences
  }

  async #run(run: ScriptedRun) {
    const recorded = this.#runs.get(run.job.publicId)
    if (recorded !== undefined) return playRun(recorded, run, this.#gateway)
    return playRun(guessRun(this.#scenario, run.job.publicId), run, this.#gateway)
  }

  /** The worker waits here while the scenario has something to do first. */
  async #waitForSteps(): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    await flush()
    while ((this.#isActing || this.#isDue()) && Date.now() < deadline) await pause()
  }

  async #actAll(): Promise<void> {
    const deadline = Date.now() + LIMIT_MS
    while (this.#next < this.#scenario.steps.length) {
      while (!this.#isDue() && Date.now() < deadline) await pause()
      this.#isActing = true
      await this.#act(this.#scenario.steps[this.#next] as ScenarioStep)
      this.#next += 1
      await flush()
      this.#isActing = false
    }
  }

  #isDue(): boolean {
    const step = this.#scenario.steps[this.#next]
    if (step === undefined) return false
    const isLateComer = step.do === 'connect' && this.#scenario.steps[this.#next - 1]?.do === 'http'
    // Who connects after a prompt was submitted did so in the middle of its run.
    if (isLateComer) return this.#isUnderWay()
    const counts = Object.entries(step.after_messages ?? {})
    return counts.every(([name, count]) => (this.#sockets.get(name)?.frames.length ?? 0) >= count)
  }

  #isUnderWay(): boolean {
    const heard = [...this.#sockets].map(([name, { frames }]) => [name, frames.length] as const)
    return heard.some(([name, count]) => {
      const recorded = this.#scenario.messages[name]?.length ?? 0
      return count >= Math.min(16, recorded)
    })
  }

  async #act(step: ScenarioStep): Promise<void> {
    const name = step.socket ?? ''
    if (step.do === 'connect') {
      const socket = this.#gateway.connect(step.clientId ?? '')
      this.#sockets.set(name, socket)
      if (step.first_frame !== null && step.first_frame !== undefined)
        socket.say(JSON.stringify(step.first_frame))
      await socket.waitFor(1)
    } else if (step.do === 'send') this.#sockets.get(name)?.say(step.text ?? '')
    else if (step.do === 'close') this.#sockets.get(name)?.close()
    else await this.#ask(step)
  }

  async #ask(step: ScenarioStep): Promise<void> {
    const answer = await this.#gateway.request(step.method ?? 'GET', step.path ?? '', step.body ?? undefined)
    if (answer.status !== step.status)
      this.#differences.push(`${step.method} ${step.path}: status ${answer.status}, recorded ${step.status}`)
    if (step.method !== 'GET' || step.reply === undefined) return
    // Numbers count all prompts of the server that was recorded.
    const reply = blankNumbers(step.reply)
    const difference = findDifference(await answer.json(), reply, this.#bindings)
    if (difference !== undefined) this.#differences.push(`${step.path}: ${difference}`)
  }

  async #waitForFrames(): Promise<void> {
    const deadline = Date.now() + 300
    const isShort = () =>
      [...this.#sockets].some(
        ([name, { frames }]) => frames.length < (this.#scenario.messages[name]?.length ?? 0),
      )
    while (isShort() && Date.now() < deadline) await pause()
  }

  async #compare(name: string): Promise<void> {
    const expected = (this.#scenario.messages[name] ?? []).map(toComparable)
    const actual = await Promise.all((this.#sockets.get(name)?.frames ?? []).map(describeFrame))
    const hasSeveral = this.#scenario.steps.filter(({ method }) => method === 'POST').length > 1
    const difference = hasSeveral
      ? // Where the queue's length falls between the frames of a run depends on the moment of the recorded request.
        (this.#diff(actual.filter(isNotStatus), expected.filter(isNotStatus)) ??
        // and so do the lengths themselves; every change is told, and the last one is right.
        this.#diff(actual.filter(isStatus).slice(-1), expected.filter(isStatus).slice(-1)) ??
        this.#countStatus(actual, expected))
      : this.#diff(actual, expected)
    if (difference !== undefined) this.#differences.push(`socket ${name}: ${difference}`)
  }

  #countStatus(actual: readonly RecordedFrame[], expected: readonly RecordedFrame[]): string | undefined {
    const [told, recorded] = [actual.filter(isStatus).length, expected.filter(isStatus).length]
    return told === recorded ? undefined : `${told} status frames, recorded ${recorded}`
  }

  #diff(actual: readonly RecordedFrame[], expected: readonly RecordedFrame[]): string | undefined {
    for (const [index, frame] of expected.entries()) {
      const difference = findDifference(actual[index], frame, this.#bindings, `frame ${index}`)
      if (difference !== undefined) return difference
    }
    return actual.length === expected.length
      ? undefined
      : `${actual.length} frames, recorded ${expected.length}`
  }
}

/** A run nobody heard of: where it has an error it is told nowhere, so any will do. */
function guessRun(scenario: Scenario, promptId: string): RecordedRun {
  const isError = /error/.test(scenario.name)
  const progress = Object.values(scenario.messages)[0]?.filter(({ type }) => type === 'progress_state') ?? []
  const nodes = (progress[0]?.data?.['nodes'] ?? {}) as Record<string, unknown>
  const happenings = [
    { $case: 'jobStart' as const, value: { cachedNodeIds: [], passCount: 1 } },
    ...Object.keys(nodes).map((nodeId) => ({ $case: 'nodeStart' as const, value: { nodeId } })),
  ]
  const data = {
    ...{ prompt_id: promptId, node_id: '1', node_type: '', executed: [], current_inputs: {} },
    ...{ exception_message: 'failed\n', exception_type: 'RuntimeError' },
  }
  return { happenings, end: { type: isError ? 'execution_error' : 'execution_success', data } }
}

function blankNumbers(reply: unknown): unknown {
  const text = JSON.stringify(reply, (_key, value: unknown) =>
    Array.isArray(value) && value.length === 5 && typeof value[0] === 'number'
      ? ['<INT>', ...(value as unknown[]).slice(1)]
      : value,
  )
  return JSON.parse(text) as unknown
}

function isStatus({ type }: RecordedFrame): boolean {
  return type === 'status'
}

function isNotStatus(frame: RecordedFrame): boolean {
  return !isStatus(frame)
}

function toSettings(args: readonly string[]): Record<string, string> {
  const option = (name: string): string | undefined => args[args.indexOf(name) + 1]
  const settings: Record<string, string> = {}
  if (args.includes('--preview-method'))
    settings['ATELIER_PREVIEW_METHOD'] = option('--preview-method') ?? 'none'
  if (args.includes('--preview-size')) settings['ATELIER_PREVIEW_SIZE'] = option('--preview-size') ?? '512'
  return settings
}

/** Lets what was sent arrive. */
function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
