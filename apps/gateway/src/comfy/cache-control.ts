/** What these files are said to be good for, seconds. */
const IMAGE_AGE = 86_400
const MISSING_IMAGE_AGE = 3_600

const IMAGE_PATH = /\.(jpe?g|png|ppm|bmp|pgm|tiff?|webp)$/i

/** The Cache-Control of an answer of a route, as ComfyUI chooses it; undefined: none. */
export function cacheControlOf(path: string, status: number): string | undefined {
  if (isNeverCached(path)) return 'no-cache'
  if (!IMAGE_PATH.test(path)) return undefined
  if (status === 404) return `public, max-age=${MISSING_IMAGE_AGE}`
  if ((status >= 200 && status <= 206) || status === 301 || status === 308)
    return `public, max-age=${IMAGE_AGE}`
  return [302, 303, 307].includes(status) ? 'no-cache' : undefined
}

/** The Cache-Control of a path no route answers: ComfyUI chooses it before it finds the file missing. */
export function cacheControlOfUnknown(path: string): string | undefined {
  return cacheControlOf(path, 200)
}

function isNeverCached(path: string): boolean {
  const last = path.slice(path.lastIndexOf('/') + 1)
  return path.endsWith('.js') || path.endsWith('.css') || (last.startsWith('index') && last.endsWith('.json'))
}
