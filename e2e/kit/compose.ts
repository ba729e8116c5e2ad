import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const FOLDER = fileURLToPath(new URL('../../deploy', import.meta.url))
/** Containers, volumes and networks of tests have it before their names. */
const PROJECT = 'atelier-check'
/** What a command may print, bytes: logs of a whole test. */
const OUTPUT_LIMIT = 2 ** 28

/** What a command printed and how it ended. */
export interface Ended {
  readonly code: number
  readonly output: string
}

/** The containers of `deploy/compose.yaml`, under a project of their own. */
export interface Containers {
  /** Runs `docker compose`; rejects with what it printed when it fails. */
  compose(...args: readonly string[]): Promise<string>
  /** Runs a command in a service's container. */
  execute(service: string, ...command: readonly string[]): Promise<Ended>
  /** Runs `docker` on a service's container, which stands last: `docker inspect … CONTAINER`. */
  docker(service: string, ...args: readonly string[]): Promise<string>
  /** Everything a service has printed. */
  logs(service: string): Promise<string>
}

/**
 * Whether tests that need containers are run: only where ATELIER_CONTAINERS is 1. They build images, which takes minutes and
 * asks registries, so that to have Docker is not to want them.
 */
export function hasContainers(): boolean {
  if (process.env['ATELIER_CONTAINERS'] === '1') {
    if (spawnSync('docker', ['compose', 'version']).status === 0) return true
    throw new Error('ATELIER_CONTAINERS is set, and `docker compose version` fails')
  }
  process.stderr.write(
    '\nSKIPPED, NOT TESTED: images and containers; ATELIER_CONTAINERS=1 (Docker with compose)\n\n',
  )
  return false
}

/** Those containers, from the files of `deploy/` and with these variables. */
export function useContainers(
  files: readonly string[],
  variables: Readonly<Record<string, string>>,
): Containers {
  const run = (args: readonly string[]) =>
    promisify(execFile)('docker', args, {
      cwd: FOLDER,
      env: { ...process.env, ...variables },
      maxBuffer: OUTPUT_LIMIT,
    })
  const composeArgs = ['compose', '--project-name', PROJECT, ...files.flatMap((file) => ['--file', file])]
  const compose: Containers['compose'] = async (...args) => (await run([...composeArgs, ...args])).stdout
  return {
    compose,
    async execute(service, ...command) {
      const args = [...composeArgs, 'exec', '--no-TTY', service, ...command]
      try {
        const { stdout, stderr } = await run(args)
        return { code: 0, output: stdout + stderr }
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
        return { code, output: stdout + stderr }
      }
    },
    async docker(service, ...args) {
      const container = (await compose('ps', '--all', '--quiet', service)).trim()
      return (await run([...args, container])).stdout.trim()
    },
    logs: (service) => compose('logs', '--no-color', '--no-log-prefix', service),
  }
}
