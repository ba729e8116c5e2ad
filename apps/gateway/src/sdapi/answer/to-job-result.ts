import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { writeAnswer } from './answer-record.ts'
import { toDetectBody } from '../control/detect.ts'
import { parseExtrasNote, toExtrasBody } from '../extras/extras-body.ts'
import { readImages } from '../job-files.ts'
import { readEcho } from '../generation/request-echo.ts'
import { writeScriptAnswer } from '../scripts/answer-script.ts'
import { toInfo } from './to-response.ts'

/**
 * What a WebUI job made: the body that a client gets which waits for it. Jobs of earlier programs, which did not keep
 * their request, tell their pictures and, for generations, `info`.
 * @throws ApiError when a picture is not stored any more
 */
export async function toJobResult(deps: GatewayDeps, record: JobRecord): Promise<ExactObject> {
  const kind = record.job?.kind?.$case
  const isGeneration = kind === 'generation' || kind === 'script'
  const request = isGeneration ? await readEcho(deps.store.blobs, record) : undefined
  const saveNothing = async () => undefined
  if (request !== undefined) {
    return kind === 'script'
      ? writeScriptAnswer(deps, request, record, saveNothing)
      : (await writeAnswer(deps, request, record, saveNothing)).body
  }
  const pictures = await readImages(deps, record)
  const images = pictures.map((bytes) => Buffer.from(bytes).toString('base64'))
  if (kind === 'controlMap') return toDetectBody(images, record.result?.poseJson)
  const note = kind === 'extras' ? parseExtrasNote(record.job?.surfaceNote ?? '') : undefined
  if (note !== undefined) return toExtrasBody(note, images)
  const result = new Map<string, ExactValue>([['images', images]])
  if (kind === 'generation') result.set('info', formatExactJson(toInfo({ record, hasGrid: false })))
  return result
}
