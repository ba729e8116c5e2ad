import { spawnSync } from 'node:child_process'
import { HEAP } from '../../apps/gpu-worker/src/supervisor/engine-process.ts'

/**
 * Begins this program again with the allocator settings that the supervisor gives engines, unless it has them: they count
 * from a process's start. Ends the process that began it.
 */
export function runAsEngine(): void {
  if (Object.entries(HEAP).every(([name, value]) => process.env[name] === value)) return
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, ...HEAP },
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

/** The environment without those settings, for programs that are compared with. */
export function withoutEngineSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in HEAP)))
}
