export { createPngChunk, isIntact, isPng, PNG_SIGNATURE, readPngChunks, rebuildPng } from './chunks.ts'
export type { PngChunk } from './chunks.ts'
export { createPngTextChunk } from './text-chunk.ts'
export type { PngText } from './text-chunk.ts'
