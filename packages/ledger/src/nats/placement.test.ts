import { Job, WorkerDescription } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { isBetterElsewhere } from './placement.ts'

const job = Job.fromPartial({ models: [{ identity: 'x' }] })
const me = { workerId: 'me', residentIdentities: [] as string[] }
const other = (more: Partial<WorkerDescription> = {}) =>
  WorkerDescription.fromPartial({ id: 'other', ready: true, slots: 1, residentIdentities: ['x'], ...more })

describe('isBetterElsewhere', () => {
  it('is so when another worker holds the checkpoint and has a free slot', () => {
    expect(isBetterElsewhere(job, me, [other()])).toBe(true)
  })

  it.each([
    ['it is busy', other({ jobIds: ['j'] })],
    ['it takes no more jobs', other({ draining: true })],
    ['its engine is not up', other({ ready: false })],
    ['it holds another checkpoint', other({ residentIdentities: ['y'] })],
    ['it is the one that asks', other({ id: 'me' })],
  ])('is not so when %s', (_reason, worker) => {
    expect(isBetterElsewhere(job, me, [worker])).toBe(false)
  })

  it('is not so when the asking worker holds it too, or the job needs none', () => {
    expect(isBetterElsewhere(job, { ...me, residentIdentities: ['x'] }, [other()])).toBe(false)
    expect(isBetterElsewhere(Job.fromPartial({}), me, [other()])).toBe(false)
  })
})
