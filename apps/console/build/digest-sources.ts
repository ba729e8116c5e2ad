import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the page is built from, below the workspace's folder; the lock file stands for the libraries. */
const SOURCES = ['index.html', 'package.json', 'src', 'build', '../../package-lock.json'] as const
/** Files that do not change the page. */
const LEFT_OUT = /\.test\.tsx?$|\/test-kit\//

/** SHA-256 (hex) over names and contents of what the page is built from. Times of files say little after a clone. */
export async function digestSources(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const paths = (await Promise.all(SOURCES.map((source) => listFiles(folder, source)))).flat()
  for (const path of paths.sort()) {
    if (LEFT_OUT.test(path)) continue
    hash.update(`${path}\0`)
    hash.update(await readFile(join(folder, path)))
  }
  return hash.digest('hex')
}

/** The files at or below a path, themselves as paths below the folder; none where it is not there. */
async function listFiles(folder: string, path: string): Promise<string[]> {
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return undefined
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  if (entries === undefined) return [path]
  const below = entries.map((entry) => listFiles(folder, `${path}/${entry.name}`))
  return (await Promise.all(below)).flat()
}
