import { freemem, totalmem } from 'node:os'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { ModelIndex } from '../models/model-index.ts'

/** The answer of GET /sdapi/v1/memory: the first worker's host memory, bytes. */
export function describeMemory(models: ModelIndex): ExactObject {
  const device = models.workers()[0]?.device
  const total = device?.hostTotalBytes || totalmem()
  const free = device?.hostFreeBytes || freemem()
  return new Map<string, ExactValue>([
    [
      'ram',
      new Map<string, ExactValue>([
        ['free', free],
        ['used', BigInt(total - free)],
        ['total', total],
      ]),
    ],
    ['cuda', new Map([['error', 'unavailable']])],
  ])
}
