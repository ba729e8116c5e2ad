import type { NamedFile } from '@atelier/proto'
import { toResultKey, type BlobStore } from '@atelier/ledger'
import type { EngineFile } from '../engine-protocol.ts'

/** Stores an execution's files under the job and epoch and returns them with their references, in order. */
export async function storeFiles(
  blobs: BlobStore,
  files: readonly EngineFile[],
  { jobId, epoch, firstIndex, now }: { jobId: string; epoch: number; firstIndex: number; now: number },
): Promise<NamedFile[]> {
  return Promise.all(
    files.map(async ({ file, bytes, mediaType }, i) => {
      const blob = await blobs.put(toResultKey(jobId, epoch, firstIndex + i), bytes, mediaType)
      return { ...file, blob, storedAtMs: now }
    }),
  )
}
