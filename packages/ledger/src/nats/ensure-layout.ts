import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { AtelierError } from '../errors.ts'
import { API_CODES, hasCode } from './errors.ts'
import type { DeclaredStream } from './layout.ts'

/** Settings of a stream that can be brought up to date while it holds messages. */
const UPDATABLE = [
  'subjects',
  'max_age',
  'max_bytes',
  'max_msgs',
  'max_msgs_per_subject',
  'allow_direct',
] as const
/** Settings that cannot: a stream that differs in them belongs to somebody else. */
const FIXED = ['retention', 'storage'] as const

/** When each stream was made, by name; another time means it was deleted and made again. */
export type StreamBirths = ReadonlyMap<string, string>

/**
 * Makes the declared streams or brings them up to date; run by every process at its start and after every
 * reconnection. Copies are added, never taken away.
 * @throws AtelierError `conflict` when a stream of that name is of another kind
 */
export async function ensureLayout(
  jsm: JetStreamManager,
  streams: readonly DeclaredStream[],
): Promise<StreamBirths> {
  const infos = await Promise.all(streams.map((stream) => ensureStream(jsm, stream)))
  return new Map(infos.map((info) => [info.config.name, String(info.created)]))
}

async function ensureStream(jsm: JetStreamManager, declared: DeclaredStream): Promise<StreamInfo> {
  const existing = await findStream(jsm, declared.name)
  if (existing === undefined) {
    try {
      return await jsm.streams.add(declared)
    } catch (error) {
      // Another process made it between the look and the making, perhaps with other settings.
      if (!hasCode(error, API_CODES.streamNameInUse)) throw error
      return ensureStream(jsm, declared)
    }
  }
  const wrong = FIXED.find((field) => existing.config[field] !== declared[field])
  if (wrong !== undefined) {
    throw new AtelierError(
      'conflict',
      `stream ${declared.name} has ${wrong} "${existing.config[wrong]}", needed is "${declared[wrong]}": use another prefix`,
    )
  }
  const replicas = Math.max(existing.config.num_replicas, declared.num_replicas ?? 1)
  const isCurrent = UPDATABLE.every((field) => isSame(existing.config[field], declared[field]))
  if (isCurrent && replicas === existing.config.num_replicas) return existing
  return jsm.streams.update(declared.name, { ...existing.config, ...declared, num_replicas: replicas })
}

async function findStream(jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (hasCode(error, API_CODES.streamNotFound)) return undefined
    throw error
  }
}

function isSame(actual: unknown, wanted: unknown): boolean {
  return wanted === undefined || JSON.stringify(actual) === JSON.stringify(wanted)
}
