import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../deps.ts'
import { readImages } from './answer-record.ts'
import { toInfo } from './to-response.ts'

/**
 * What a WebUI job made, told without its request: its pictures as base64, and for generations the `info` text of the
 * answer that a waiting client gets.
 * @throws ApiError when a picture is not stored any more
 */
export async function toJobResult(deps: GatewayDeps, record: JobRecord): Promise<ExactObject> {
  const images = await readImages(deps, record)
  const result = new Map<string, ExactValue>([
    ['images', images.map((bytes) => Buffer.from(bytes).toString('base64'))],
  ])
  if (record.job?.kind?.$case === 'generation')
    result.set('info', formatExactJson(toInfo({ record, hasGrid: false })))
  return result
}
