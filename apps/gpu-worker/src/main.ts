import { endOnStop } from '@atelier/telemetry/early-stop'

endOnStop()
// To read the rest takes seconds.
const [{ readEnvironment }, { runWorker }] = await Promise.all([
  import('./config.ts'),
  import('./run-worker.ts'),
])
runWorker(readEnvironment()).catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
