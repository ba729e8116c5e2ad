#!/usr/bin/env node
// What `npm start` and `npm run gateway` run: the web page is built where its sources have changed, by a process of its
// own, then the program is this one. No `prestart` does it: npm runs none where ignore-scripts is set (.npmrc). The
// page's build says itself what went wrong, and keeps nobody from starting.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../../console/build/build-console.ts', import.meta.url))
if (!process.argv.includes('--nowebui') && !process.argv.includes('--help'))
  spawnSync(process.execPath, ['--import', 'tsx', build], { stdio: 'inherit' })
await import('./atelier.mjs')
