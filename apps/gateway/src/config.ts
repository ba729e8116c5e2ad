import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ledgerSettings } from '@atelier/ledger/settings'
import { z } from 'zod'

/** A true-ish environment flag. */
const flag = z
  .enum(['', '0', '1', 'true', 'false'])
  .default('')
  .transform((value) => value === '1' || value === 'true')

const port = (fallback: number) => z.coerce.number().int().min(0).max(65535).default(fallback)

/** Where `npm start` builds the web page. */
const BUILT_CONSOLE = fileURLToPath(new URL('../../console/dist/site', import.meta.url))
/** In the place of a folder: there is to be no web page. */
const NO_CONSOLE = 'none'

/** Settings of the gateway, by environment name; each has its default here. */
export const gatewayConfigSchema = z.object({
  ATELIER_HOST: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  ATELIER_PORT: port(7860).describe('WebUI port; 0 switches it off'),
  ATELIER_COMFY_PORT: port(8188).describe('ComfyUI port; 0 switches it off'),
  ATELIER_METRICS_PORT: port(9464).describe('Prometheus metrics and health; 0 switches it off'),
  ...ledgerSettings,
  ATELIER_STYLES_FILE: z.string().min(1).optional().describe('prompt styles as A1111 keeps them (.csv)'),
  ATELIER_API_KEYS: z.string().optional().describe('file of keys, one `key tenant` a line'),
  ATELIER_API_AUTH: z.string().optional().describe('user:pass[,user:pass] for HTTP basic authentication'),
  ATELIER_CORS_ALLOW_ORIGINS: z.string().optional().describe('comma-separated origins of browser clients'),
  ATELIER_CORS_ALLOW_ORIGINS_REGEX: z.string().optional().describe('pattern of origins of browser clients'),
  ATELIER_MAX_BODY_MB: z.coerce
    .number()
    .positive()
    .max(1024)
    .default(200)
    .describe('largest request body, MB'),
  ATELIER_MAX_QUEUED_PER_TENANT: z.coerce
    .number()
    .int()
    .positive()
    .default(5_000)
    .describe('jobs waiting per tenant'),
  ATELIER_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(3600)
    .default(10)
    .describe('how long open requests may go on after SIGTERM; their jobs go on in any case'),
  ATELIER_CANCEL_ON_DISCONNECT: flag.describe('a client that leaves a synchronous call cancels its job'),
  ATELIER_DISABLE_METADATA: flag.describe('files that ComfyUI graphs save do not say how they were made'),
  ATELIER_FRONT_END_ROOT: z
    .string()
    .min(1)
    .refine((folder) => existsSync(join(folder, 'index.html')), 'holds no index.html')
    .optional()
    .describe("folder of ComfyUI's web front end, served at the ComfyUI port"),
  ATELIER_CONSOLE_ROOT: z
    .string()
    .min(1)
    .refine(
      (folder) => folder === NO_CONSOLE || existsSync(join(folder, 'index.html')),
      'holds no index.html',
    )
    .transform((folder) => (folder === NO_CONSOLE ? '' : resolve(folder)))
    .default(BUILT_CONSOLE)
    .describe('folder of the built web page; none: there is none (an empty text once it is checked)'),
  ATELIER_PREVIEW_METHOD: z
    .enum(['none', 'auto', 'latent2rgb', 'taesd'])
    .default('none')
    .describe('ComfyUI previews'),
  ATELIER_PREVIEW_SIZE: z.coerce
    .number()
    .int()
    .min(16)
    .max(2048)
    .default(512)
    .describe('ComfyUI preview size, pixels'),
  ATELIER_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('pino level'),
})

/** Checked and frozen gateway settings. */
export type GatewayConfig = Readonly<z.infer<typeof gatewayConfigSchema>>

/** Checks settings whole; throws one Error that lists every fault with its variable's name. */
export function parseGatewayConfig(environment: Record<string, string | undefined>): GatewayConfig {
  const parsed = gatewayConfigSchema.safeParse(environment)
  if (parsed.success) return Object.freeze(parsed.data)
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`settings are wrong:\n  ${faults.join('\n  ')}`)
}

/** The environment of this process. */
export function readEnvironment(): Record<string, string | undefined> {
  return process.env
}
