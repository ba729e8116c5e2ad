import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const FULL_DISK = '/dev/full'

describe.runIf(existsSync(FULL_DISK))('a program whose log goes to a full disk', () => {
  it('lives on', () => {
    const full = openSync(FULL_DISK, 'w')
    const entry = fileURLToPath(new URL('./__fixtures__/log-on-full-disk.ts', import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', entry], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(full)
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'alive' })
  })
})
