import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Programs that tests and measurements start, and how to get them. */
const TOOLS = {
  'nats-server': 'go install github.com/nats-io/nats-server/v2@latest',
  caddy: 'go install github.com/caddyserver/caddy/v2/cmd/caddy@latest',
  k6: 'go install go.k6.io/k6@latest',
  versitygw: 'go install github.com/versity/versitygw/cmd/versitygw@latest',
  helm: 'go install helm.sh/helm/v3/cmd/helm@latest',
} as const

/** Programs that take minutes to build: their tests are skipped where they are missing, even in CI. */
const OPTIONAL: ReadonlySet<string> = new Set(['helm'])

/** Number of this process among those that run tests side by side; 0 where there is no other. */
export const testProcess = Number(process.env['VITEST_POOL_ID'] ?? 0)

/** The name of such a program. */
export type Tool = keyof typeof TOOLS

/** Where a program is: the folder .ci/run installs tools to, or PATH, nats-server by ATELIER_NATS_SERVER; undefined: nowhere. */
function findTool(name: Tool): string | undefined {
  const { ATELIER_NATS_SERVER, XDG_CACHE_HOME, PATH } = process.env
  if (name === 'nats-server' && ATELIER_NATS_SERVER !== undefined) return ATELIER_NATS_SERVER
  const tools = join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'atelier-tools')
  const folders = [tools, ...(PATH ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/**
 * Where a program is.
 * @throws Error that says how to get it
 */
export function requireTool(name: Tool): string {
  const found = findTool(name)
  if (found === undefined) throw new Error(toMissing(name))
  return found
}

/**
 * Whether tests that need a program can run. Where it is missing they are skipped with a loud line, or, when
 * ATELIER_REQUIRE_TOOLS is 1 and the program is quickly had, fail.
 */
export function hasTool(name: Tool): boolean {
  if (findTool(name) !== undefined) return true
  if (areToolsRequired() && !OPTIONAL.has(name)) throw new Error(toMissing(name))
  process.stderr.write(`\nSKIPPED, NOT TESTED: ${toMissing(name)}\n\n`)
  return false
}

function toMissing(name: Tool): string {
  return `${name} was not found in PATH or ~/.cache/atelier-tools: ${TOOLS[name]}`
}

/** Whether a missing tool fails a test instead of skipping it. */
function areToolsRequired(): boolean {
  return process.env['ATELIER_REQUIRE_TOOLS'] === '1'
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
