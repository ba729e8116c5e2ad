import { readFile, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { MiddlewareHandler } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { cacheControlOf } from './cache-control.ts'
import { guessMediaType } from './files/media-types.ts'
import { answerFile } from './files/send-file.ts'

/**
 * Answers with the files of ComfyUI's web front end, which stands behind every path that has no route; what the folder
 * does not hold goes on. `root` is the folder of its `index.html`.
 */
export function serveFrontEnd(root: string): MiddlewareHandler<GatewayEnv> {
  return async function answerFrontEnd(c, next) {
    const path = await findFile(root, c.req.path === '/' ? '/index.html' : c.req.path)
    if (path === undefined) return next()
    const [bytes, { mtimeMs }] = await Promise.all([readFile(path), stat(path)])
    const cacheControl = cacheControlOf(c.req.path, 200)
    const headers = {
      'content-type': guessMediaType(path),
      ...(cacheControl !== undefined && { 'cache-control': cacheControl }),
    }
    return answerFile(
      { bytes, storedAtMs: Math.trunc(mtimeMs), headers },
      {
        range: c.req.header('range'),
        ifNoneMatch: c.req.header('if-none-match'),
        ifModifiedSince: c.req.header('if-modified-since'),
      },
    )
  }
}

/** The file below a folder that a URL's path names; undefined: none, or one that a link leads out of the folder to. */
async function findFile(root: string, urlPath: string): Promise<string | undefined> {
  try {
    const [folder, path] = await Promise.all([
      realpath(root),
      realpath(join(root, decodeURIComponent(urlPath))),
    ])
    const isBelow = path.startsWith(folder + sep)
    return isBelow && (await stat(path)).isFile() ? path : undefined
  } catch {
    // No such file, or no path at all.
    return undefined
  }
}
