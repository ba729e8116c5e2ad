import { parseCommandLine } from './command-line.ts'
import { mergeEnvironment } from './config.ts'
import { serve } from './serve.ts'
import manifest from '../package.json' with { type: 'json' }

const command = parseCommandLine(process.argv.slice(2), manifest.version)
if ('exitCode' in command) {
  process.exitCode = command.exitCode
} else if (command.program === 'serve') {
  serve({
    environment: mergeEnvironment(command.settings),
    print: (line) => process.stdout.write(`${line}\n`),
    exit: (code) => process.exit(code),
  })
} else if (command.program === 'gateway') {
  const { runGateway } = await import('@atelier/gateway')
  await runGateway(mergeEnvironment(command.settings))
} else {
  const { runWorker } = await import('@atelier/gpu-worker')
  await runWorker(mergeEnvironment(command.settings))
}
