import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestSources } from './digest-sources.ts'
import { CONSOLE_FOLDER } from './settings.ts'

// Run by `npm start` and `npm run gateway` before the program (apps/standalone/bin/start.mjs): builds the page when it is not there or its sources have
// changed (about a second), and says nothing when there is nothing to do. A page that cannot be built keeps nobody from
// starting: `/` then tells what answers there.

const SITE = join(CONSOLE_FOLDER, 'dist', 'site')
/** Inside the built folder, so that it goes with it: the digest of what that was built from. */
const STAMP = '.sources'

async function buildConsole(): Promise<void> {
  const digest = await digestSources(CONSOLE_FOLDER)
  if ((await readFile(join(SITE, STAMP), 'utf8').catch(() => '')) === digest) return
  // Only here: what is not to be built costs no time, and may lack what builds it.
  const { buildSite } = await import('./build-site.ts')
  // Built beside and then put in place, so that a program which starts meanwhile finds a whole page or none.
  const fresh = `${SITE}-${process.pid}`
  try {
    await buildSite(fresh)
    await writeFile(join(fresh, STAMP), digest)
    await rm(SITE, { recursive: true, force: true })
    await rename(fresh, SITE)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

// `--strict` is for images and checks: there a page that cannot be built is a fault.
const isStrict = process.argv.includes('--strict')
await buildConsole().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(`the web page could not be built: ${reason}\n`)
  if (isStrict) process.exitCode = 1
})
