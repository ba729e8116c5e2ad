/**
 * Makes every section of docs/parity.md anew, or those that are named: `npm run parity [section ...]`. Each is a process of
 * its own; ends with a failure where one differs from its recordings without a reason given.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findFixtures } from './report.ts'

const SECTIONS = [
  ...['text', 'sampling', 'files', 'networks', 'samplings', 'diffusers', 'lora', 'control', 'preprocessors'],
  ...['images', 'upscalers', 'previews'],
]

if (findFixtures() !== undefined) {
  const named = process.argv.slice(2)
  const unknown = named.filter((name) => !SECTIONS.includes(name))
  if (unknown.length > 0) {
    console.error(`there is no section ${unknown.join(', ')}; there are ${SECTIONS.join(', ')}`)
    process.exit(2)
  }
  const failed = (named.length > 0 ? named : SECTIONS).filter((section) => {
    const started = performance.now()
    const script = fileURLToPath(new URL(`${section}.ts`, import.meta.url))
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: 'inherit' })
    console.log(`${section}: ${status === 0 ? 'done' : 'differs'} in ${secondsSince(started)} s\n`)
    return status !== 0
  })
  if (failed.length > 0) console.error(`differing: ${failed.join(', ')}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}

function secondsSince(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1)
}
