import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from './program.ts'

/** Time between a kill and the start of the same thing again, milliseconds. */
const DOWN_MS = { least: 100, most: 1_500 }
/** Least time between two kills, milliseconds. */
const PAUSE_MS = { least: 200, most: 1_200 }
/** How long a node is given to take part again before another may go, milliseconds. */
const NODE_REST_MS = 6_000

/** Something that can be killed and started again. */
export type Victim = Pick<Program, 'kill' | 'start'>

/** Who may be killed. One node of the broker at a time: a cluster of three bears no more. */
export interface Victims {
  readonly workers: readonly Victim[]
  readonly gateways: readonly Victim[]
  readonly nodes: readonly Victim[]
}

/** How many were killed. */
export interface Kills {
  workers: number
  gateways: number
  nodes: number
}

/** What a monkey is told. */
export interface ChaosMonkeyOptions {
  readonly victims: Victims
  readonly random: () => number
  /** How many should have been killed by now; it never kills ahead of that. */
  readonly isDue: (kills: number) => boolean
  readonly onKill: (kind: keyof Kills, index: number) => void
}

/** Kills processes at random, starts them again, and counts. */
export class ChaosMonkey {
  readonly kills: Kills = { workers: 0, gateways: 0, nodes: 0 }
  readonly #options: ChaosMonkeyOptions
  readonly #down = new Set<Victim>()
  readonly #revivals = new Set<Promise<void>>()
  readonly #faults: unknown[] = []
  #nodesRestAt = 0
  #isStopping = false
  readonly #done: Promise<void>

  constructor(options: ChaosMonkeyOptions) {
    this.#options = options
    this.#done = this.#rampage()
  }

  /** How many were killed in all. */
  get total(): number {
    return this.kills.workers + this.kills.gateways + this.kills.nodes
  }

  /** Kills no more; resolves when everything is up again. Rejects when something would not start. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#done
    await Promise.all(this.#revivals)
    if (this.#faults.length > 0) throw this.#faults[0]
  }

  async #rampage(): Promise<void> {
    const { random, isDue } = this.#options
    while (!this.#isStopping) {
      await sleep(PAUSE_MS.least + random() * (PAUSE_MS.most - PAUSE_MS.least))
      if (this.#isStopping || !isDue(this.total)) continue
      const kind = this.#pickKind()
      const up = this.#options.victims[kind].filter((victim) => !this.#down.has(victim))
      const victim = up[Math.floor(random() * up.length)]
      if (victim !== undefined) await this.#strike(kind, victim)
    }
  }

  #pickKind(): keyof Kills {
    const dice = this.#options.random()
    const canNodesBear = performance.now() > this.#nodesRestAt
    if (dice < 0.25 && canNodesBear) return 'nodes'
    return dice < 0.5 ? 'gateways' : 'workers'
  }

  async #strike(kind: keyof Kills, victim: Victim): Promise<void> {
    this.#down.add(victim)
    this.kills[kind] += 1
    if (kind === 'nodes') this.#nodesRestAt = Infinity
    this.#options.onKill(kind, this.#options.victims[kind].indexOf(victim))
    await victim.kill()
    const revival = this.#revive(kind, victim).catch((error: unknown) => void this.#faults.push(error))
    this.#revivals.add(revival)
    void revival.then(() => this.#revivals.delete(revival))
  }

  async #revive(kind: keyof Kills, victim: Victim): Promise<void> {
    await sleep(DOWN_MS.least + this.#options.random() * (DOWN_MS.most - DOWN_MS.least))
    await victim.start()
    this.#down.delete(victim)
    if (kind === 'nodes') this.#nodesRestAt = performance.now() + NODE_REST_MS
  }
}
