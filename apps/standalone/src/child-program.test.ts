import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { ChildProgram } from './child-program.ts'

const READY = "process.send({ kind: 'ready', ports: { sdapi: 1 } })\n"
const STAY = "process.on('SIGTERM', () => process.exit(0))\nsetInterval(() => undefined, 1000)\n"

function writeProgram(source: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'child-')), 'main.mjs')
  writeFileSync(path, source)
  return pathToFileURL(path).href
}

function run(source: string) {
  const ready = vi.fn()
  const failed = vi.fn()
  const lines: string[] = []
  const program = new ChildProgram({
    name: 'child',
    entry: writeProgram(source),
    environment: { PATH: process.env['PATH'] },
    onReady: ready,
    onFirstStartFailed: failed,
    onLine: (line) => lines.push(line),
  })
  return { program, ready, failed, lines }
}

describe('ChildProgram', () => {
  it('tells readiness and passes lines on, and stops with the exit code', async () => {
    const { program, ready, lines } = run(`${STAY}console.log('hello')\n${READY}`)
    await vi.waitUntil(() => ready.mock.calls.length === 1 && lines.length === 1, { timeout: 10_000 })
    expect(ready.mock.calls[0]?.[0]).toEqual({ kind: 'ready', ports: { sdapi: 1 } })
    expect(lines).toEqual(['hello'])
    expect(await program.stop(5_000)).toBe(0)
  })

  it('starts a program again that was killed', async () => {
    const { program, ready } = run(`${STAY}${READY}`)
    await vi.waitUntil(() => ready.mock.calls.length === 1, { timeout: 10_000 })
    process.kill(program.pid ?? 0, 'SIGKILL')
    await vi.waitUntil(() => ready.mock.calls.length === 2, { timeout: 15_000 })
    await program.stop(5_000)
  })

  it('gives up on a program that ends before it was ready', async () => {
    const { failed } = run('process.exit(3)\n')
    await vi.waitUntil(() => failed.mock.calls.length === 1, { timeout: 10_000 })
    expect(failed).toHaveBeenCalledWith(3)
  })

  it('gives up on a program that the system would not start', async () => {
    const { execPath } = process
    process.execPath = '/nowhere/node'
    const { failed, lines } = run(READY)
    process.execPath = execPath
    await vi.waitUntil(() => failed.mock.calls.length === 1, { timeout: 10_000 })
    expect(lines).toEqual(['child: spawn /nowhere/node ENOENT'])
  })

  it('kills a program that does not stop within the grace period', async () => {
    const { program, ready } = run(
      `process.on('SIGTERM', () => undefined)\nsetInterval(() => undefined, 1000)\n${READY}`,
    )
    await vi.waitUntil(() => ready.mock.calls.length === 1, { timeout: 10_000 })
    expect(await program.stop(200)).toBe(1)
  })
})
