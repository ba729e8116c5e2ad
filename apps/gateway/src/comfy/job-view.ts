import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import type { Job, JobRecord, NodeGraphJob } from '@atelier/proto'

/** What this surface notes down in a job to answer for it later. */
export interface SurfaceNote {
  /** The prompt's number as the client saw it: an integer, or a float when it chose one itself. */
  readonly number: bigint | number
  /** An earlier prompt of the same id is in the history until this one ends. */
  readonly hasPredecessor: boolean
}

/** The note as the text stored in the job. */
export function formatSurfaceNote(note: SurfaceNote): string {
  return formatExactJson(
    new Map<string, ExactValue>([
      ['number', note.number],
      ['hasPredecessor', note.hasPredecessor],
    ]),
  )
}

/** Reads the note back; a job without one has the number of its place in the queue. */
export function readSurfaceNote(job: Job): SurfaceNote {
  const note = job.surfaceNote === '' ? new Map<string, ExactValue>() : parseExactJson(job.surfaceNote)
  const members = isExactObject(note) ? note : new Map<string, ExactValue>()
  const number = members.get('number')
  const isNumber = typeof number === 'bigint' || typeof number === 'number'
  return {
    number: isNumber ? number : job.queueNumber,
    hasPredecessor: members.get('hasPredecessor') === true,
  }
}

/** The job of a record. */
export function jobOf(record: JobRecord): Job {
  if (record.job === undefined) throw new Error('a job record without its job')
  return record.job
}

/** The node graph of a record; every job of this surface has one. */
export function nodeGraphOf(record: JobRecord): NodeGraphJob {
  const { id, kind } = jobOf(record)
  if (kind?.$case !== 'nodeGraph') throw new Error(`job ${id} is no node graph`)
  return kind.value
}

/** The submitted graph of a record, literals converted. */
export function graphOf(record: JobRecord): ExactObject {
  const graph = parseExactJson(nodeGraphOf(record).graphJson)
  return isExactObject(graph) ? graph : new Map()
}

/** The class of a node of the graph; empty when there is no such node. */
export function classNameOf(graph: ExactObject, nodeId: string): string {
  const node = graph.get(nodeId)
  const className = isExactObject(node) ? node.get('class_type') : undefined
  return typeof className === 'string' ? className : ''
}

/** ComfyUI's five things about a prompt: number, id, graph, extra data, outputs to execute. */
export function toQueueItem(record: JobRecord): ExactValue[] {
  const job = jobOf(record)
  const nodeGraph = nodeGraphOf(record)
  const extraData = nodeGraph.extraDataJson === '' ? new Map() : parseExactJson(nodeGraph.extraDataJson)
  return [
    readSurfaceNote(job).number,
    job.publicId,
    graphOf(record),
    extraData as ExactValue,
    [...nodeGraph.outputNodeIds],
  ]
}
