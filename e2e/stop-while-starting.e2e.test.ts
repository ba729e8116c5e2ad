import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

// As the first process of a container, a program that leaves a signal to the system does not hear it at all.
describe.each(['gateway', 'worker'])('a %s that waits for its broker', (program) => {
  it('ends with 0 on SIGTERM', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'apps/standalone/src/main.ts', program], {
      cwd: ROOT,
      env: { ...process.env, ATELIER_NATS_URL: 'nats://127.0.0.1:1', ATELIER_ENGINE: 'fake' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    while (!output.includes('ledger-refused'))
      output += ((await once(child.stdout, 'data')) as [Buffer])[0].toString()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
