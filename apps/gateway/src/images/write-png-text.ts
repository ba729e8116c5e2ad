import { crc32 } from 'node:zlib'
import { readPngChunks } from './png-text.ts'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')
/** Chunks a picture needs; others, such as the resolution a library adds, are left out. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

/** A PNG with nothing but its picture and a text right after its header: tEXt where Latin-1 can hold it, else iTXt. */
export function writePngText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  return assemble(png, [toTextChunk(keyword, text)])
}

/** A PNG with nothing but its picture. */
export function stripPng(png: Uint8Array): Uint8Array {
  return assemble(png, [])
}

function assemble(png: Uint8Array, texts: readonly Buffer[]): Uint8Array {
  const parts: Uint8Array[] = [SIGNATURE]
  for (const { type, content } of readPngChunks(png)) {
    if (!NEEDED.has(type)) continue
    parts.push(toChunk(type, content))
    if (type === 'IHDR') parts.push(...texts)
  }
  return Buffer.concat(parts)
}

function toTextChunk(keyword: string, text: string): Buffer {
  const isLatin = [...text].every((character) => (character.codePointAt(0) ?? 0) < 256)
  return isLatin
    ? toChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
    : toChunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${text}`, 'utf8'))
}

function toChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  checksum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, checksum])
}
