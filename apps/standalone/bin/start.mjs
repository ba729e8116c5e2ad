#!/usr/bin/env node
// What `npm start`, `npm run gateway` and `npm run worker` run. Where a web page is served, it is built when its sources
// have changed, by a process of its own; then the program is this one. No `prestart` does it: npm runs none where
// ignore-scripts is set (.npmrc). The page's build says itself what went wrong, and keeps nobody from starting.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

// npm that is told to end ends itself and the shell between, not this program, which would keep its ports.
const PARENT_LOOK_MS = 500
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid
  const watching = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watching)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_LOOK_MS).unref()
}

const build = fileURLToPath(new URL('../../console/build/build-console.ts', import.meta.url))
const [command, ...flags] = process.argv.slice(2)
if (command !== 'worker' && !flags.includes('--nowebui') && !flags.includes('--help'))
  spawnSync(process.execPath, ['--import', 'tsx', build], { stdio: 'inherit' })
await import('./atelier.mjs')
