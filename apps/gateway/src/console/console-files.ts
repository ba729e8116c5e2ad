import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

/** Folder of the console's files whose names change with what is in them, below its root. */
export const ASSETS_FOLDER = 'console/assets'

/** A file of the web page. */
export interface ConsoleFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mediaType: string
  /** Quoted, of the file's content. */
  readonly etag: string
}

/** The files of the built web page by their path below its root, with forward slashes. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/**
 * Reads the built web page whole, so that what is served fits together even while it is built anew. Undefined where it
 * has not been built: its page is not there. Files of other types are left out.
 */
export async function readConsoleFiles(root: string): Promise<ConsoleFiles | undefined> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = new Map<string, ConsoleFile>()
  for (const entry of entries) {
    const mediaType = MEDIA_TYPES[extname(entry.name)]
    if (!entry.isFile() || mediaType === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = new Uint8Array(await readFile(path))
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
    files.set(path.slice(root.length + 1).replaceAll(sep, '/'), { bytes, mediaType, etag })
  }
  return files.has(INDEX) ? files : undefined
}

/** The page itself. */
export const INDEX = 'index.html'
