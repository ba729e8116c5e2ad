import type { LedgerStore } from '@atelier/ledger'
import type { Logger } from 'pino'
import type { ComfyNotices } from './comfy/socket/notices.ts'
import type { GatewayConfig } from './config.ts'
import type { ConsoleFiles } from './console/console-files.ts'
import type { JobDispatcher } from './dispatch/job-dispatcher.ts'
import type { ModelIndex } from './models/model-index.ts'

/** Everything the app needs from outside; tests give fakes, `gateway.ts` builds the real ones. */
export interface GatewayDeps {
  readonly config: GatewayConfig
  readonly dispatcher: JobDispatcher
  readonly models: ModelIndex
  readonly store: Pick<LedgerStore, 'jobs' | 'blobs' | 'files' | 'documents'>
  /** From the ComfyUI routes to the websocket hub of the same gateway; absent: nobody listens. */
  readonly comfyNotices?: ComfyNotices
  /** The built web page; absent: there is none, `/` tells what answers here. */
  readonly console?: ConsoleFiles
  /** Why nothing can be asked of the ledger yet, in a sentence; absent, or undefined from it: it can. */
  readonly findOutage?: () => string | undefined
  /** Aborts when the gateway stops: what would go on for ever ends then. Absent: never. */
  readonly stopping?: AbortSignal
  readonly logger: Logger
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** A fresh lower-case UUID. */
  readonly createId: () => string
  /** Uniform in [0, 1), for seeds drawn at admission. */
  readonly random: () => number
}

/** What middleware leaves on the Hono context for every route. */
export interface RequestVariables {
  /** The caller's tenant. */
  tenant: string
  /** Which port took the request; decides what `/`, unknown paths and CORS answer. */
  surface: 'sdapi' | 'comfy'
}

/** Hono's environment type for every router of the gateway. */
export interface GatewayEnv {
  Variables: RequestVariables
}
