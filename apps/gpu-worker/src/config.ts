import { hostname } from 'node:os'
import { ledgerSettings } from '@atelier/ledger/settings'
import { z } from 'zod'
import { engineSettings } from './engine/settings.ts'

const port = z.coerce.number().int().min(0).max(65535)

/** Settings of a worker, by environment name; each has its default here. */
export const workerConfigSchema = z.object({
  ATELIER_MODELS: z.string().default('models').describe('models folders, joined by the path delimiter'),
  ATELIER_CKPT_DIR: z.string().optional().describe('one more folder of checkpoints'),
  ...ledgerSettings,
  ATELIER_GRPC_HOST: z.string().min(1).default('127.0.0.1').describe('address of the gRPC service'),
  ATELIER_GRPC_PORT: port.default(0).describe('its port; 0 takes any free one'),
  ATELIER_GRPC_ADVERTISE: z.string().optional().describe('host:port gateways dial; unset: what was bound'),
  ...engineSettings,
  ATELIER_ENGINE: z.enum(['onnx', 'fake']).default('onnx').describe('fake: test pictures without a network'),
  ATELIER_AFFINITY: z
    .enum(['0', '1'])
    .default('1')
    .transform((value) => value === '1')
    .describe('jobs whose checkpoint is loaded may go first; 0: strictly first come, first served'),
  ATELIER_WORKER_ID: z.string().min(1).max(64).optional().describe('name in the directory'),
  ATELIER_HANG_SECONDS: z.coerce
    .number()
    .positive()
    .default(300)
    .describe('silence after which an engine is killed'),
  ATELIER_STOP_SECONDS: z.coerce
    .number()
    .positive()
    .default(90)
    .describe('how long a stopped job may take to its next step; then its engine is ended'),
  ATELIER_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .default(20)
    .describe('how long running jobs may go on after SIGTERM; then they are handed back'),
  ATELIER_METRICS_PORT: port.default(9464).describe('Prometheus metrics and health; 0 switches it off'),
  ATELIER_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
})

/** Checked and frozen worker settings. */
export type WorkerConfig = Readonly<z.infer<typeof workerConfigSchema>> & { readonly workerId: string }

/** Checks settings whole; throws one Error that lists every fault with its variable's name. */
export function parseWorkerConfig(environment: Record<string, string | undefined>): WorkerConfig {
  const parsed = workerConfigSchema.safeParse(environment)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new Error(`settings are wrong:\n  ${faults.join('\n  ')}`)
  }
  const workerId = parsed.data.ATELIER_WORKER_ID ?? `${hostname()}-${process.pid}`
  return Object.freeze({ ...parsed.data, workerId })
}

/** The environment of this process. */
export function readEnvironment(): Record<string, string | undefined> {
  return process.env
}
