/** Media types by file extension, as Python's mimetypes guesses them on a plain system. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  jpe: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  avif: 'image/avif',
  heic: 'image/heic',
  heif: 'image/heif',
  ico: 'image/vnd.microsoft.icon',
  svg: 'image/svg+xml',
  pbm: 'image/x-portable-bitmap',
  pgm: 'image/x-portable-graymap',
  ppm: 'image/x-portable-pixmap',
  txt: 'text/plain',
  csv: 'text/csv',
  md: 'text/markdown',
  html: 'text/html',
  htm: 'text/html',
  xhtml: 'application/xhtml+xml',
  xml: 'text/xml',
  css: 'text/css',
  js: 'application/javascript',
  mjs: 'application/javascript',
  json: 'application/json',
  pdf: 'application/pdf',
  zip: 'application/zip',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  wav: 'audio/x-wav',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
}

/** Served as bytes by `/view`: a browser would run or render them. */
const FORCED_DOWNLOADS = new Set(['text/html', 'application/xhtml+xml', 'text/css'])
/** Types a browser could run scripts of: they are sent with a policy that forbids it. */
const ACTIVE_TYPES = new Set([
  ...FORCED_DOWNLOADS,
  'application/javascript',
  'image/svg+xml',
  'text/xml',
  'application/pdf',
])

/** The type of a file by its name; application/octet-stream when it says nothing. */
export function guessMediaType(name: string): string {
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(BY_EXTENSION, extension)
    ? (BY_EXTENSION[extension] ?? 'application/octet-stream')
    : 'application/octet-stream'
}

/** Whether a file of that name is taken for a picture. */
export function isPictureName(name: string): boolean {
  return guessMediaType(name).startsWith('image/')
}

/** Headers that say what a file is and keep a browser from running it. */
export function contentHeaders(name: string, use: 'view' | 'userdata'): Record<string, string> {
  const type = guessMediaType(name)
  const headers: Record<string, string> = { 'content-type': type, 'x-content-type-options': 'nosniff' }
  if (ACTIVE_TYPES.has(type)) headers['content-security-policy'] = "sandbox; default-src 'none'"
  if (use === 'view' && FORCED_DOWNLOADS.has(type)) headers['content-type'] = 'application/octet-stream'
  // aiohttp names a charset for scripts and for nothing else that it reads from a file.
  if (type === 'application/javascript') headers['content-type'] = 'application/javascript; charset=utf-8'
  return headers
}
