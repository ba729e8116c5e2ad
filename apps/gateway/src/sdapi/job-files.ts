import type { JobRecord, NamedFile } from '@atelier/proto'
import type { GatewayDeps } from '../deps.ts'
import { pythonException } from './errors.ts'

/**
 * The pictures a job made, in order, those for saving alone left out.
 * @throws ApiError when one is not stored any more
 */
export async function readImages(deps: GatewayDeps, { result }: JobRecord): Promise<Uint8Array[]> {
  const files = (result?.files ?? []).filter(({ name }) => name === '')
  return Promise.all(files.map((file) => readFile(deps, file)))
}

/**
 * Reads one of a job's files.
 * @throws ApiError when it is not stored any more
 */
export async function readFile(
  { store }: Pick<GatewayDeps, 'store'>,
  { blob }: NamedFile,
): Promise<Uint8Array> {
  const bytes = blob && (await store.blobs.read(blob))
  if (bytes === undefined) throw pythonException('FileNotFoundError', 'the picture is not stored any more')
  return bytes
}
