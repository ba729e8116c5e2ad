import { z } from 'zod'

const text = z.string().min(1).optional()

/** Settings of the ledger by environment name, part of every program's schema. */
export const ledgerSettings = {
  ATELIER_DATA: z
    .string()
    .min(1)
    .default('data')
    .describe('folder of the embedded ledger, of blobs, user data and hashes'),
  ATELIER_RETENTION_HOURS: z.coerce
    .number()
    .min(0)
    .default(168)
    .describe('how long one machine keeps ended jobs, what they answered and temporary files; 0: for ever'),
  ATELIER_SAVED_RETENTION_HOURS: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('how long one machine keeps what ComfyUI graphs saved; 0: for ever'),
  ATELIER_NATS_URL: text.describe(
    'NATS servers, comma-separated; unset: the embedded ledger of this machine',
  ),
  ATELIER_NATS_USER: text.describe('user, where the addresses hold none'),
  ATELIER_NATS_PASSWORD: text.describe('its password'),
  ATELIER_NATS_TOKEN: text.describe('token'),
  ATELIER_NATS_CREDENTIALS: text.describe('path of a .creds file'),
  ATELIER_NATS_NKEY: text.describe('path of a file with an nkey seed'),
  ATELIER_NATS_TLS_CA: text.describe('path of the authority’s certificate (PEM)'),
  ATELIER_NATS_TLS_CERTIFICATE: text.describe('path of a client certificate (PEM)'),
  ATELIER_NATS_TLS_KEY: text.describe('path of its key (PEM)'),
  ATELIER_NATS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/, 'must be 1 to 32 letters, digits, _ or -')
    .default('atelier')
    .describe('first part of every name in the broker'),
  ATELIER_NATS_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('copies of every stream; unset: min(3, servers)'),
  ATELIER_NATS_RETENTION_HOURS: z.coerce
    .number()
    .positive()
    .max(8760)
    .default(168)
    .describe('how long jobs and their pictures are kept after their last change'),
  ATELIER_NATS_MAX_RESULTS_GB: z.coerce
    .number()
    .positive()
    .optional()
    .describe('room for pictures; unset: what the broker has'),
  ATELIER_S3_BUCKET: text.describe('bucket for pictures and uploads; unset: they lie in the broker'),
  ATELIER_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
    .optional()
    .describe('address of the S3 store; unset: Amazon’s'),
  ATELIER_S3_REGION: z.string().min(1).default('us-east-1').describe('region of the bucket'),
  ATELIER_S3_ACCESS_KEY: text.describe('access key of the bucket'),
  ATELIER_S3_SECRET_KEY: text.describe('its secret'),
  ATELIER_S3_SESSION_TOKEN: text.describe('token of a key that passes'),
  ATELIER_S3_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
    .default('atelier')
    .describe('first part of every key in the bucket'),
  ATELIER_MAX_QUEUED: z.coerce.number().int().positive().default(20_000).describe('jobs waiting in all'),
} as const

/** The checked settings of the ledger. */
export type LedgerSettings = z.infer<z.ZodObject<typeof ledgerSettings>>
