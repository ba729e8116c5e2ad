import { ModelFile, ModelKind } from '@atelier/proto'
import type { DocumentStore } from '@atelier/ledger'
import { describe, expect, it } from 'vitest'
import { readReadiness, type ReadinessInputs } from './readiness.ts'

const storeOf = (read: DocumentStore['read']) => ({
  documents: { read } as DocumentStore,
  findOutage: () => undefined,
})
const checkpoint = (unusableReason = '') =>
  ModelFile.fromPartial({ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'a', unusableReason })
const inputs = (change: Partial<ReadinessInputs> = {}): ReadinessInputs => ({
  store: storeOf(async () => undefined),
  isDraining: false,
  isEngineUp: true,
  isPulling: true,
  files: [checkpoint('its header is malformed'), checkpoint()],
  ...change,
})

describe('the readiness of a worker', () => {
  it('is given when its engine is up, it pulls, and a checkpoint can be loaded', async () => {
    expect(await readReadiness(inputs())).toEqual({ ready: true })
  })

  it.each<[string, Partial<ReadinessInputs>]>([
    ['the worker drains', { isDraining: true }],
    ['the engine is not up', { isEngineUp: false }],
    ['no jobs are asked for yet', { isPulling: false }],
    ['there is no usable checkpoint', { files: [checkpoint('its header is malformed')] }],
    ['the ledger cannot be read: gone', { store: storeOf(() => Promise.reject(new Error('gone'))) }],
  ])('is refused because %s', async (reason, change) => {
    expect(await readReadiness(inputs(change))).toEqual({ ready: false, reason })
  })
})
