import { outliveLog } from '@atelier/telemetry'
import { parseCommandLine, type CommandLine } from './command-line.ts'
import { mergeEnvironment } from './config.ts'
import { serve } from './serve.ts'
import manifest from '../package.json' with { type: 'json' }

for (const log of [process.stdout, process.stderr]) outliveLog(log)
const command = parseCommandLine(process.argv.slice(2), manifest.version)
if ('exitCode' in command) process.exitCode = command.exitCode
else
  run(command).catch((error: unknown) => {
    process.stderr.write(`${command.program}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  })

async function run({ program, settings }: CommandLine): Promise<void> {
  switch (program) {
    case 'serve':
      return serve({
        environment: mergeEnvironment(settings),
        print: (line) => process.stdout.write(`${line}\n`),
        exit: (code) => process.exit(code),
      })
    case 'gateway': {
      const { runGateway } = await import('@atelier/gateway')
      return runGateway(mergeEnvironment(settings))
    }
    case 'worker': {
      const { runWorker } = await import('@atelier/gpu-worker')
      return runWorker(mergeEnvironment(settings))
    }
    case 'doctor': {
      const { describeMachine, toLines } = await import('@atelier/gpu-worker')
      const findings = await describeMachine(mergeEnvironment(settings))
      for (const line of toLines(findings)) process.stdout.write(`${line}\n`)
      return
    }
    case 'install-cuda': {
      const { runInstallCuda } = await import('./run-install-cuda.ts')
      process.exitCode = await runInstallCuda(settings)
      return
    }
    case 'merge': {
      const { runMerge } = await import('./run-merge.ts')
      process.stdout.write(`${runMerge(settings)}\n`)
    }
  }
}
