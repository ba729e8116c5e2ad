import { findDifference, type Bindings } from './match-recorded.ts'
import {
  describeFrame,
  toComparable,
  type RecordedFrame,
  type Scenario,
  type ScenarioStep,
} from './socket-scenario.ts'

/** How long a scenario may take, milliseconds. */
const LIMIT_MS = 20_000
/** How long frames are waited for when all is done, milliseconds. */
const TRAIL_MS = 300

/** A websocket a scenario hears with. */
export interface ScenarioSocket {
  readonly frames: readonly (string | Uint8Array)[]
  say(text: string): void
  close(): void
  waitFor(count: number): Promise<void>
}

/** The server a scenario is played against. */
export interface ScenarioWorld {
  connect(clientId: string): ScenarioSocket | Promise<ScenarioSocket>
  request(method: string, path: string, body?: unknown): Promise<Response>
  /** Resolves when nothing runs any more. */
  settle(): Promise<void>
}

/** How a scenario differs from its recording, socket by socket; empty: not at all. */
export type ScenarioDifferences = readonly string[]

/** Plays one scenario: does what was done, when each socket has heard what it had heard by then. */
export class ScenarioPlayer {
  readonly #scenario: Scenario
  readonly #world: ScenarioWorld
  /** Blanks, in frames and answers, what another server need not share. */
  readonly #normalise: (text: string) => string
  readonly #sockets = new Map<string, ScenarioSocket>()
  readonly #bindings: Bindings = new Map()
  readonly #differences: string[] = []
  #next = 0
  #isActing = false

  constructor(
    scenario: Scenario,
    world: ScenarioWorld,
    normalise: (text: string) => string = (text) => text,
  ) {
    this.#scenario = JSON.parse(normalise(JSON.stringify(scenario))) as Scenario
    this.#world = world
    this.#normalise = normalise
  }

  async play(): Promise<ScenarioDifferences> {
    await this.#actAll()
    await this.#world.settle()
    await this.#waitForFrames()
    for (const name of this.#sockets.keys()) await this.#compare(name)
    for (const socket of this.#sockets.values()) socket.close()
    return this.#differences
  }

  /** A worker that plays along waits here while the scenario has something to do first. */
  async waitForSteps(): Promise<void> {
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
      const socket = await this.#world.connect(step.clientId ?? '')
      this.#sockets.set(name, socket)
      if (step.first_frame !== null && step.first_frame !== undefined)
        socket.say(JSON.stringify(step.first_frame))
      await socket.waitFor(1)
    } else if (step.do === 'send') this.#sockets.get(name)?.say(step.text ?? '')
    else if (step.do === 'close') this.#sockets.get(name)?.close()
    else await this.#ask(step)
  }

  async #ask(step: ScenarioStep): Promise<void> {
    const answer = await this.#world.request(step.method ?? 'GET', step.path ?? '', step.body ?? undefined)
    if (answer.status !== step.status)
      this.#differences.push(`${step.method} ${step.path}: status ${answer.status}, recorded ${step.status}`)
    if (step.method !== 'GET' || step.reply === undefined) return
    // Numbers count all prompts of the server that was recorded.
    const reply = blankNumbers(step.reply)
    const difference = findDifference(this.#parse(await answer.text()), reply, this.#bindings)
    if (difference !== undefined) this.#differences.push(`${step.path}: ${difference}`)
  }

  #parse(text: string): unknown {
    return JSON.parse(this.#normalise(text)) as unknown
  }

  async #waitForFrames(): Promise<void> {
    const deadline = Date.now() + TRAIL_MS
    const isShort = () =>
      [...this.#sockets].some(
        ([name, { frames }]) => frames.length < (this.#scenario.messages[name]?.length ?? 0),
      )
    while (isShort() && Date.now() < deadline) await pause()
  }

  async #compare(name: string): Promise<void> {
    const expected = (this.#scenario.messages[name] ?? []).map(toComparable)
    const frames = (this.#sockets.get(name)?.frames ?? []).map((frame) =>
      typeof frame === 'string' ? this.#normalise(frame) : frame,
    )
    const actual = await Promise.all(frames.map(describeFrame))
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

/** Lets what was sent arrive. */
function flush(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}
