import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPort } from '@atelier/ledger/test-kit'
import { createProgram, type Program, type ProgramOptions } from './program.ts'

/** A gateway of a cluster and where it answers. */
export interface ClusterGateway extends Program {
  readonly webui: string
  readonly comfy: string
  readonly operations: string
}

/** A worker of a cluster. */
export interface ClusterWorker extends Program {
  readonly operations: string
}

/** Gateways and workers of one installation, as processes of this machine. */
export interface Cluster {
  readonly gateways: readonly ClusterGateway[]
  readonly workers: readonly ClusterWorker[]
  /** Aborted, with what it printed last, when a program ends though nobody ended it. */
  readonly crashed: AbortSignal
  /**
   * Stops every program and removes the data folder.
   * @throws Error when a program had ended by itself
   */
  stop(): Promise<void>
}

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly gateways: number
  readonly workers: number
  /** NATS servers, comma-separated; absent: all share one embedded ledger. */
  readonly natsUrl?: string
  /** Settings of every program. */
  readonly environment?: Readonly<Record<string, string>>
  /** Flags of Node for the gateways (profiling). */
  readonly gatewayFlags?: readonly string[]
}

/** Starts a cluster; resolves when every program is ready. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const cluster = await createCluster(options)
  try {
    await Promise.all([...cluster.gateways, ...cluster.workers].map((program) => program.start()))
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

/** Prepares a cluster; nothing runs yet. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-cluster-'))
  const shared = {
    ATELIER_MODELS: join(folder, 'no-models'),
    ...(options.natsUrl === undefined ? {} : { ATELIER_NATS_URL: options.natsUrl }),
    ...options.environment,
  }
  // Joined by NATS, machines share no disk: each program has a data folder of its own.
  const dataOf = (name: string) => ({
    ATELIER_DATA: join(folder, options.natsUrl === undefined ? 'data' : name),
  })
  const crash = new AbortController()
  const onCrash = (report: string): void => crash.abort(new Error(report))
  const gateways = await createEach(options.gateways, (i) => {
    const environment = { ...shared, ...dataOf(`gateway-${i}`) }
    return createGateway(`gateway-${i}`, { environment, nodeFlags: options.gatewayFlags ?? [], onCrash })
  })
  const workers = await createEach(options.workers, (i) =>
    createWorker(`worker-${i}`, { environment: { ...shared, ...dataOf(`worker-${i}`) }, onCrash }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all([...gateways, ...workers].map((program) => program.stop()))
    rmSync(folder, { recursive: true, force: true })
    crash.signal.throwIfAborted()
  }
  return { gateways, workers, crashed: crash.signal, stop }
}

async function createGateway(
  name: string,
  { environment, ...options }: Omit<ProgramOptions, 'name' | 'command'>,
): Promise<ClusterGateway> {
  const [webui, comfy, metrics] = [await findPort(), await findPort(), await findPort()]
  const program = createProgram({
    ...{ name, command: 'gateway', ...options },
    environment: {
      ...environment,
      ATELIER_PORT: String(webui),
      ATELIER_COMFY_PORT: String(comfy),
      ATELIER_METRICS_PORT: String(metrics),
    },
  })
  return extend(program, {
    webui: `http://127.0.0.1:${webui}`,
    comfy: `http://127.0.0.1:${comfy}`,
    operations: `http://127.0.0.1:${metrics}`,
  })
}

async function createWorker(
  name: string,
  { environment, ...options }: Omit<ProgramOptions, 'name' | 'command'>,
): Promise<ClusterWorker> {
  const metrics = await findPort()
  const program = createProgram({
    ...{ name, command: 'worker', ...options },
    environment: { ...environment, ATELIER_WORKER_ID: name, ATELIER_METRICS_PORT: String(metrics) },
  })
  return extend(program, { operations: `http://127.0.0.1:${metrics}` })
}

/** The same program with more to say; its own getters go on telling of now. */
function extend<T extends object>(program: Program, more: T): Program & T {
  return Object.assign(Object.create(program, Object.getOwnPropertyDescriptors(program)) as Program, more)
}

async function createEach<T>(count: number, create: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  for (let index = 1; index <= count; index += 1) made.push(await create(index))
  return made
}
