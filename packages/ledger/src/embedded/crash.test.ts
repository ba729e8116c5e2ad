import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { openEmbeddedLedger } from './index.ts'

const CHILD = fileURLToPath(new URL('__fixtures__/crash-child.ts', import.meta.url))
const KILLS = 6

/** What the child said it was told is stored. */
interface Acknowledged {
  readonly submitted: string[]
  readonly finished: string[]
}

function runUntilKilled(folder: string, lifeMs: number, said: Acknowledged): Promise<void> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', CHILD, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let rest = ''
    child.stdout?.setEncoding('utf8')
    child.stdout?.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [what, id] = line.split(' ') as ['submitted' | 'finished' | 'up', string]
        if (what === 'up') setTimeout(() => child.kill('SIGKILL'), lifeMs)
        else said[what].push(id)
      }
    })
    child.once('exit', () => resolve())
  })
}

describe('the embedded ledger under kill -9', () => {
  it('holds everything it acknowledged, and no record is in between', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crash-'))
    const said: Acknowledged = { submitted: [], finished: [] }
    for (let kill = 0; kill < KILLS; kill += 1) await runUntilKilled(folder, 40 + 90 * kill, said)

    const store = await openEmbeddedLedger({ folder, now: () => Date.now() + 3_600_000 })
    await store.jobs.recover()
    expect(said.submitted.length).toBeGreaterThan(KILLS)
    for (const id of said.submitted) expect(await store.jobs.read('a', id)).toBeDefined()
    for (const id of said.finished) {
      const record = await store.jobs.read('a', id)
      expect(record?.state).toBe(JobState.JOB_STATE_DONE)
      const [file] = record?.result?.files ?? []
      expect(file?.blob && (await store.blobs.read(file.blob))?.length).toBe(1000)
    }
    // After recovery nothing is held: all else is queued, ended or parked.
    const held = await store.jobs.list({
      states: [JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_CANCELLING],
    })
    expect(held).toEqual([])
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)
})
