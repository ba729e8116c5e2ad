import { endOnStop } from '@atelier/telemetry/early-stop'

endOnStop()
// To read the rest takes seconds.
const [{ readEnvironment }, { runGateway }] = await Promise.all([
  import('./config.ts'),
  import('./run-gateway.ts'),
])
runGateway(readEnvironment()).catch((error: unknown) => {
  process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
