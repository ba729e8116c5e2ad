import { ModelKind } from '@atelier/proto'
import { LEDGER_EVENT_KINDS, logLedgerEvent } from '@atelier/ledger'
import { openLedger } from '@atelier/ledger/open'
import {
  answerOperations,
  ClockWatch,
  createLedgerEventCounter,
  outliveLog,
  readTraceFields,
  startTracing,
} from '@atelier/telemetry'
import { endOnStop, hearStop } from '@atelier/telemetry/early-stop'
import { pino } from 'pino'
import { parseWorkerConfig } from './config.ts'
import { startWorkers } from './start-workers.ts'

/**
 * Runs a worker as this process: settings, ledger, engine; SIGTERM and SIGINT drain it and exit with 0.
 * @throws Error when settings are wrong or a port cannot be bound
 */
export async function runWorker(environment: Record<string, string | undefined>): Promise<void> {
  endOnStop()
  const config = parseWorkerConfig(environment)
  const tracing = await startTracing({ service: 'atelier-worker', environment })
  const logger = pino(
    { name: 'worker', level: config.ATELIER_LOG_LEVEL, mixin: readTraceFields },
    outliveLog(pino.destination(1)),
  )
  const ledgerEvents = createLedgerEventCounter(LEDGER_EVENT_KINDS)
  const clock = new ClockWatch({
    onJump: (milliseconds) => logger.warn({ event: 'clock-jump', milliseconds }, 'the clock has jumped'),
  })
  const store = await openLedger({
    settings: config,
    name: `atelier-worker ${config.workerId}`,
    onEvent(event) {
      ledgerEvents.inc({ kind: event.kind })
      logLedgerEvent(logger, event)
    },
  })
  const started = await startWorkers({
    ...{ config, store, environment, logger },
    counters: [ledgerEvents, clock.counter],
  })
  const files = started.workers[0]?.files ?? []
  const checkpoints = files.filter(
    ({ kind }) => kind === ModelKind.MODEL_KIND_CHECKPOINT || kind === ModelKind.MODEL_KIND_DIFFUSERS_FOLDER,
  )
  const usable = checkpoints.filter(({ unusableReason }) => unusableReason === '').map(({ name }) => name)
  logger.info(
    { event: 'worker-ready', worker: config.workerId, checkpoints: usable },
    `the worker runs; checkpoints: ${usable.join(', ')}`,
  )
  answerOperations(started.operations)
  process.send?.({ kind: 'ready' })

  const stop = async (reason: string): Promise<void> => {
    logger.info({ event: 'worker-stop', reason }, 'the worker stops')
    clock.close()
    await started.close()
    await store.close()
    await tracing.close()
    process.exit(0)
  }
  hearStop((signal) => void stop(signal))
  // Forked by `atelier serve`: when that process is gone, nobody would stop this one.
  process.once('disconnect', () => void stop('parent gone'))
}
