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
import { parseGatewayConfig } from './config.ts'
import { startGateway } from './gateway.ts'

/**
 * Runs the gateway as this process: settings, ledger, ports; SIGTERM and SIGINT close it and exit with 0.
 * @throws Error when settings are wrong or a port cannot be bound
 */
export async function runGateway(environment: Record<string, string | undefined>): Promise<void> {
  endOnStop()
  const config = parseGatewayConfig(environment)
  const tracing = await startTracing({ service: 'atelier-gateway', environment })
  const logger = pino(
    { name: 'gateway', level: config.ATELIER_LOG_LEVEL, mixin: readTraceFields },
    outliveLog(pino.destination(1)),
  )
  const ledgerEvents = createLedgerEventCounter(LEDGER_EVENT_KINDS)
  const clock = new ClockWatch({
    onJump: (milliseconds) => logger.warn({ event: 'clock-jump', milliseconds }, 'the clock has jumped'),
  })
  const store = await openLedger({
    settings: config,
    name: 'atelier-gateway',
    onEvent(event) {
      ledgerEvents.inc({ kind: event.kind })
      logLedgerEvent(logger, event)
    },
  })
  const gateway = await startGateway({ config, store, logger })
  gateway.operations.registry.registerMetric(ledgerEvents)
  gateway.operations.registry.registerMetric(clock.counter)
  answerOperations(gateway.operations)

  const state = { isStopping: false }
  const stop = async (reason: string): Promise<void> => {
    state.isStopping = true
    logger.info({ event: 'gateway-stop', reason }, 'the gateway stops')
    clock.close()
    await gateway.close()
    await store.close()
    await tracing.close()
    process.exit(0)
  }
  hearStop((signal) => void stop(signal))
  // Forked by `atelier serve`: when that process is gone, nobody would stop this one.
  process.once('disconnect', () => void stop('parent gone'))

  await gateway.whenRead
  if (state.isStopping) return
  logger.info({ event: 'gateway-ready', ports: gateway.ports }, 'the gateway answers')
  process.send?.({ kind: 'ready', ports: gateway.ports })
}
