import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** The nats-server program: ATELIER_NATS_SERVER, the folder .ci/run installs tools to, or PATH; undefined: none. */
export function findNatsServer(): string | undefined {
  const { ATELIER_NATS_SERVER, XDG_CACHE_HOME, PATH } = process.env
  if (ATELIER_NATS_SERVER !== undefined) return ATELIER_NATS_SERVER
  const tools = join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'atelier-tools')
  const folders = [tools, ...(PATH ?? '').split(delimiter)]
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable)
}

/** Whether a missing tool fails a test instead of skipping it. */
export function areToolsRequired(): boolean {
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
