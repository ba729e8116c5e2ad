import { readEnvironment } from './config.ts'
import { runGateway } from './run-gateway.ts'

runGateway(readEnvironment()).catch((error: unknown) => {
  process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
