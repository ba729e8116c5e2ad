import { createHash } from 'node:crypto'
import type { Job, Surface } from '@atelier/proto'
import { Bucket } from './bucket.ts'
import type { NatsLink } from './link.ts'

/** Which job a public id stands for. */
export interface PublicIdEntry {
  readonly jobId: string
  readonly requestDigest: string
  /** Revision of the index entry; 0: there is none. */
  readonly revision: number
}

/** What is expected of an id that has never been used. */
export const NEW_ID: PublicIdEntry = { jobId: '', requestDigest: '', revision: 0 }

/**
 * The index of public ids. An entry is written before the record it names: two gateways that are given the same request
 * at once agree on one job id here, and then on one record.
 */
export class PublicIds {
  readonly #bucket: Bucket

  constructor(link: NatsLink) {
    this.#bucket = new Bucket(link, link.names.publicIds)
  }

  /** The entry of a public id; revision 0 and empty ids when there is none. */
  async find(tenant: string, surface: Surface, publicId: string): Promise<PublicIdEntry> {
    const found = await this.#bucket.find(toKey(tenant, surface, publicId))
    if (!('value' in found)) return { ...NEW_ID, revision: found.revision }
    const [jobId = '', requestDigest = ''] = Buffer.from(found.value).toString().split(' ')
    return { jobId, requestDigest, revision: found.revision }
  }

  /** Lets the job's public id stand for it, if nobody changed the entry since; false when somebody did. */
  async replace(job: Job, expected: number): Promise<boolean> {
    const key = toKey(job.tenant, job.surface, job.publicId)
    const value = Buffer.from(`${job.id} ${job.requestDigest}`)
    return (await this.#bucket.replace(key, value, expected)) !== undefined
  }
}

/** Public ids are any text: their hash is the key. */
function toKey(tenant: string, surface: Surface, publicId: string): string {
  return `${tenant}.${surface}.${createHash('sha256').update(publicId).digest('hex')}`
}
