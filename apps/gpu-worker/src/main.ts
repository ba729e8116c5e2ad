import { readEnvironment } from './config.ts'
import { runWorker } from './run-worker.ts'

runWorker(readEnvironment()).catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
