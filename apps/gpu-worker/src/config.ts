import { hostname } from 'node:os'
import { ledgerSettings } from '@atelier/ledger/settings'
import { z } from 'zod'
import { CUDA_CALLS } from './engine/onnx/runtime/cuda-calls.ts'

const port = z.coerce.number().int().min(0).max(65535)

/** Settings of a worker, by environment name; each has its default here. */
export const workerConfigSchema = z.object({
  ATELIER_MODELS: z.string().default('models').describe('models folders, joined by the path delimiter'),
  ATELIER_CKPT_DIR: z.string().optional().describe('one more folder of checkpoints'),
  ...ledgerSettings,
  ATELIER_GRPC_HOST: z.string().min(1).default('127.0.0.1').describe('address of the gRPC service'),
  ATELIER_GRPC_PORT: port.default(0).describe('its port; 0 takes any free one'),
  ATELIER_GRPC_ADVERTISE: z.string().optional().describe('host:port gateways dial; unset: what was bound'),
  ATELIER_DEVICE: z
    .string()
    .regex(/^(auto|cpu|cuda:\d+)$/, 'must be auto, cpu or cuda:N')
    .default('auto')
    .describe('where networks run'),
  ATELIER_CUDA_CALLS: z
    .enum(['auto', ...CUDA_CALLS])
    .default('auto')
    .describe('how networks are called on CUDA; auto: the first way that passes the test of the device'),
  ATELIER_ENGINE: z.enum(['onnx', 'fake']).default('onnx').describe('fake: test pictures without a network'),
  ATELIER_FAKE_STEP_MS: z.coerce.number().min(0).default(10).describe('length of a fake step, milliseconds'),
  ATELIER_FAKE_LOAD_MS: z.coerce.number().min(0).default(0).describe('length of a fake load, milliseconds'),
  ATELIER_AFFINITY: z
    .enum(['0', '1'])
    .default('1')
    .transform((value) => value === '1')
    .describe('jobs whose checkpoint is loaded may go first; 0: strictly first come, first served'),
  ATELIER_SLOTS: z.coerce.number().int().positive().max(64).optional().describe('jobs at once'),
  ATELIER_WORKER_ID: z.string().min(1).max(64).optional().describe('name in the directory'),
  ATELIER_MODEL_MEMORY_GB: z.coerce.number().positive().optional().describe('memory for loaded models'),
  ATELIER_MAX_WHOLE_MEGAPIXELS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('pictures above it go through the autoencoder in tiles; unset: by memory'),
  ATELIER_NODE_CACHE: z
    .string()
    .regex(/^(newest-prompt|none|recent:[1-9]\d{0,6})$/, 'must be newest-prompt, none or recent:N')
    .default('newest-prompt')
    .describe('results of node graphs kept between prompts'),
  ATELIER_THREADS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('threads of one network call; 0: one a core'),
  ATELIER_HANG_SECONDS: z.coerce
    .number()
    .positive()
    .default(300)
    .describe('silence after which an engine is killed'),
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
