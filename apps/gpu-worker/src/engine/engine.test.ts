import { Job, NodeGraphJob } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { EngineOutcome } from '../engine-protocol.ts'
import { Engine } from './engine.ts'
import type { ModelStore } from './models/model-store.ts'
import type { TextModels } from './text-models.ts'

const graph = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
}
const value = NodeGraphJob.fromPartial({
  graphJson: JSON.stringify(graph),
  outputNodeIds: ['2'],
  extraDataJson: '{}',
})
const job = Job.fromPartial({ id: 'job', tenant: 'open', kind: { $case: 'nodeGraph', value } })

/** Runs a graph that saves a picture, with a supervisor that answers requests for numbers as told. */
function save(first: number | undefined): Promise<EngineOutcome> {
  return new Promise((resolve) => {
    const engine = new Engine({
      models: {} as ModelStore,
      texts: {} as TextModels,
      send(message) {
        if (message.kind === 'end') resolve(message.outcome)
        if (message.kind !== 'allocate') return
        const { requestId } = message
        engine.receive({ kind: 'allocated', requestId, ...(first !== undefined && { first }) })
      },
    })
    engine.receive({ kind: 'run', job, epoch: 1, inputs: new Map(), traceparent: '' })
  })
}

describe('Engine', () => {
  it('names a file by the number its supervisor reserved', async () => {
    const { kind, files } = await save(7)
    expect([kind, files.map(({ file }) => file.name)]).toEqual(['done', ['x_00007_.png']])
  })

  it('fails a job whose files can have no numbers', async () => {
    expect(await save(undefined)).toMatchObject({
      kind: 'failed',
      error: { message: 'no number of output//x can be had' },
    })
  })
})
