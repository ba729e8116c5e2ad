import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { NO_TELEMETRY } from './onnx-telemetry.ts'

/** Loads the library and opens a session, which fails: there is no graph. */
const PROGRAM = `
import { InferenceSession } from 'onnxruntime-node'
await InferenceSession.create(new Uint8Array([8, 7])).then(() => process.exit(1), () => undefined)
`

/** What a process leaves in its home folder and in that of scratch files. */
function listLeftovers(environment: Record<string, string>): string[] {
  const home = mkdtempSync(join(tmpdir(), 'atelier-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const { PATH } = process.env
  execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { PATH, HOME: home, TMPDIR: home, ...environment },
    stdio: 'pipe',
  })
  return readdirSync(home)
}

describe.runIf(process.platform === 'linux')('NO_TELEMETRY', () => {
  it('keeps ONNX Runtime from leaving anything behind', () => {
    expect(listLeftovers(NO_TELEMETRY)).toEqual([])
  })

  it('is needed', () => {
    expect(listLeftovers({})).not.toEqual([])
  })
})
