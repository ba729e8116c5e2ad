import { inflateSync } from 'node:zlib'
import { readPngChunks, type PngChunk } from '@atelier/catalog/png'

/** Longest text taken from one chunk, bytes (Pillow's limit); longer ones are passed over. */
const LONGEST_TEXT = 1024 * 1024
/** Texts taken from one file, bytes. */
const LONGEST_TEXTS = 64 * LONGEST_TEXT

function inflateText(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: LONGEST_TEXT })
  } catch {
    return undefined
  }
}

/** Cuts a field that ends with a zero off the front. */
function takeField(bytes: Buffer): { readonly field: Buffer; readonly rest: Buffer } {
  const end = bytes.indexOf(0)
  return end < 0
    ? { field: bytes, rest: Buffer.alloc(0) }
    : { field: bytes.subarray(0, end), rest: bytes.subarray(end + 1) }
}

function readInternationalText(content: Buffer): string | undefined {
  const [isCompressed, method] = content
  const { rest: afterLanguage } = takeField(content.subarray(2))
  const { rest } = takeField(afterLanguage)
  if (isCompressed === 1 && method !== 0) return undefined
  const text = isCompressed === 1 ? inflateText(rest) : rest
  try {
    return text && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text)
  } catch {
    return undefined
  }
}

function readText({
  type,
  content,
}: PngChunk): { readonly keyword: string; readonly text: string | undefined } | undefined {
  const { field, rest } = takeField(content)
  const keyword = field.toString('latin1')
  if (keyword === '') return undefined
  if (type === 'tEXt') return { keyword, text: rest.toString('latin1') }
  if (type === 'zTXt') return { keyword, text: inflateText(rest.subarray(1))?.toString('latin1') }
  return type === 'iTXt' ? { keyword, text: readInternationalText(rest) } : undefined
}

/**
 * The texts of a PNG file by keyword, in the order in which keywords first occur; the last of equal ones counts.
 * Unreadable and overlong texts are passed over. Empty for files that are no PNG.
 */
export function readPngTexts(bytes: Uint8Array): Map<string, string> {
  const texts = new Map<string, string>()
  let size = 0
  for (const chunk of readPngChunks(bytes)) {
    if (chunk.content.length > LONGEST_TEXT) continue
    const found = readText(chunk)
    if (found?.text === undefined) continue
    size += found.text.length
    if (size > LONGEST_TEXTS) break
    texts.set(found.keyword, found.text)
  }
  return texts
}
