import { toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import sharp from 'sharp'
import { readImageMetadata } from '../../images/image-metadata.ts'
import { readPngChunks } from '@atelier/catalog/png'
import { findDifference, type Bindings } from './match-recorded.ts'
import type { RequestPictures } from './recorded-exchange.ts'

/** What is recorded of a picture that is compared: not its pixels, which are those of another checkpoint. */
const COMPARED = ['format', 'size', 'mode', 'text', 'chunks', 'exif_usercomment'] as const

const BASE64 = /^[A-Za-z0-9+/]{60,}={0,2}$/
const DATA_URL = /^data:(image\/[a-z]+);base64,/

/** How the recordings write a text that is a picture: a request's by its name, others numbered into `pictures`. */
export function namePicture(text: string, known: RequestPictures, pictures: string[]): string {
  const url = DATA_URL.exec(text)
  const prefix = url === null ? '' : `data:${url[1]} `
  const base64 = url === null ? text : text.slice(url[0].length)
  if (!BASE64.test(base64) || /^[0-9a-f]+$/.test(base64)) return text
  const name = Object.keys(known).find((one) => known[one] === base64)
  if (name !== undefined) return `${prefix}$img:${name}`
  pictures.push(base64)
  return `${prefix}<image ${pictures.length - 1}>`
}

/** The first difference between pictures of an answer and what was recorded of them. */
export async function findPictureDifference(
  pictures: readonly string[],
  expected: readonly ExactObject[],
  bindings: Bindings,
): Promise<string | undefined> {
  if (pictures.length !== expected.length) return `${pictures.length} pictures, recorded ${expected.length}`
  for (const [index, picture] of pictures.entries()) {
    const recorded = expected[index] ?? new Map()
    const wanted = new Map(COMPARED.flatMap((key) => (recorded.has(key) ? [[key, recorded.get(key)!]] : [])))
    const described = await describePicture(Buffer.from(picture, 'base64'))
    const actual = new Map([...wanted.keys()].map((key) => [key, described.get(key) ?? '<absent>']))
    if (described.has('text') && !wanted.has('text')) return `picture ${index} has texts, none were recorded`
    const difference = findDifference(actual, wanted, bindings, `picture ${index}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

async function describePicture(bytes: Buffer): Promise<ExactObject> {
  const { format, width, height, channels } = await sharp(bytes).metadata()
  const { items, comment } = readImageMetadata(bytes)
  const texts = [...items].filter(([, text]) => typeof text === 'string')
  const described = new Map<string, ExactValue>([
    ['format', format.toUpperCase()],
    ['size', [BigInt(width), BigInt(height)]],
    ['mode', channels === 1 ? 'L' : channels === 4 ? 'RGBA' : 'RGB'],
  ])
  if (format === 'png') {
    if (texts.length > 0) described.set('text', new Map(texts.map(([key, text]) => [key, toExact(text)])))
    const types = [...readPngChunks(bytes)].map(({ type }) => type)
    described.set(
      'chunks',
      types.filter((type, at) => type !== types[at - 1]),
    )
  } else if (comment !== undefined) described.set('exif_usercomment', comment)
  return described
}
