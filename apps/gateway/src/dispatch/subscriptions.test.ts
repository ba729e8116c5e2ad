import { Job, JobEvent, JobRecord, Surface } from '@atelier/proto'
import { describe, expect, it, vi } from 'vitest'
import type { JobUpdate } from './job-dispatcher.ts'
import { Subscriptions } from './subscriptions.ts'

const record = JobRecord.fromPartial({
  job: Job.fromPartial({ id: '1', tenant: 'a', surface: Surface.SURFACE_COMFY }),
})
const change: JobUpdate = { kind: 'record', record }
const happening = ($case: 'stepProgress' | 'previewReady'): JobUpdate => ({
  kind: 'event',
  record,
  event: JobEvent.fromPartial({ event: { $case, value: {} } }),
})

describe('Subscriptions', () => {
  const open = () => new Subscriptions(() => undefined)

  it('tell those whom a job concerns, by tenant, job and surface', () => {
    const subscriptions = open()
    const [byTenant, byJob, bySurface, otherTenant, otherJob, otherSurface] = Array.from({ length: 6 }, () =>
      vi.fn(),
    )
    subscriptions.add({ tenant: 'a' }, byTenant!)
    subscriptions.add({ tenant: 'a', jobId: '1' }, byJob!)
    subscriptions.add({ tenant: 'a', surface: Surface.SURFACE_COMFY }, bySurface!)
    subscriptions.add({ tenant: 'b', jobId: '1' }, otherTenant!)
    subscriptions.add({ tenant: 'a', jobId: '2' }, otherJob!)
    subscriptions.add({ tenant: 'a', surface: Surface.SURFACE_SDAPI }, otherSurface!)
    subscriptions.tell(change)
    for (const listener of [byTenant, byJob, bySurface]) expect(listener).toHaveBeenCalledOnce()
    for (const listener of [otherTenant, otherJob, otherSurface]) expect(listener).not.toHaveBeenCalled()
  })

  it('tell events only where they are wanted, previews where those are', () => {
    const subscriptions = open()
    const heard: string[] = []
    const note = (name: string) => (update: JobUpdate) =>
      heard.push(`${name} ${update.kind === 'event' ? update.event.event?.$case : 'record'}`)
    subscriptions.add({ tenant: 'a', jobId: '1', recordsOnly: true }, note('waiter'))
    subscriptions.add({ tenant: 'a' }, note('follower'))
    subscriptions.add({ tenant: 'a', previews: true }, note('viewer'))
    for (const update of [change, happening('stepProgress'), happening('previewReady')])
      subscriptions.tell(update)
    expect(heard).toEqual([
      ...['waiter record', 'follower record', 'viewer record'],
      ...['follower stepProgress', 'viewer stepProgress', 'viewer previewReady'],
    ])
  })

  it('know whether anyone wants events of a job', () => {
    const subscriptions = open()
    subscriptions.add({ tenant: 'a', jobId: '1', recordsOnly: true }, () => undefined)
    expect(subscriptions.wantsEvents(record)).toBe(false)
    const leave = subscriptions.add({ tenant: 'a' }, () => undefined)
    expect(subscriptions.wantsEvents(record)).toBe(true)
    leave()
    expect(subscriptions.wantsEvents(record)).toBe(false)
  })

  it('let a listener leave while it is being told, and go on after one that throws', () => {
    const faults: unknown[] = []
    const subscriptions = new Subscriptions((error) => faults.push(error))
    const later = vi.fn()
    subscriptions.add({ tenant: 'a' }, () => {
      throw new Error('broken')
    })
    const leave = subscriptions.add({ tenant: 'a', jobId: '1' }, () => leave())
    subscriptions.add({ tenant: 'a' }, later)
    subscriptions.tell(change)
    subscriptions.tell(change)
    expect(later).toHaveBeenCalledTimes(2)
    expect(faults).toHaveLength(2)
  })
})
