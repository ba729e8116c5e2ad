import { Job } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, type Waiting } from './fair-queue.ts'

const waiting = (
  id: string,
  tenant = 'a',
  more: Partial<Job> = {},
  sequence = Number(id.replace(/\D/g, '')),
) => ({
  job: Job.fromPartial({ id, tenant, ...more }),
  sequence,
})
const fill = (...entries: Waiting[]): FairQueue<Waiting> => {
  const queue = new FairQueue<Waiting>()
  for (const entry of entries) queue.put(entry)
  return queue
}
const order = (queue: FairQueue<Waiting>) => [...queue.inOrder()].map(({ job }) => job.id)

describe('FairQueue', () => {
  it('serves one tenant by queue number, then admission, then arrival', () => {
    const queue = fill(
      waiting('1', 'a', { queueNumber: 2 }),
      waiting('2', 'a', { queueNumber: 1, submittedAtMs: 5 }),
      waiting('3', 'a', { queueNumber: 1, submittedAtMs: 4 }),
      waiting('4', 'a', { queueNumber: -1, submittedAtMs: 9 }),
      waiting('5', 'a', { queueNumber: 1, submittedAtMs: 4 }),
    )
    expect(order(queue)).toEqual(['4', '3', '5', '2', '1'])
  })

  it('lets tenants take turns, whoever has more', () => {
    const queue = fill(waiting('1'), waiting('2'), waiting('3'), waiting('4', 'b'), waiting('5', 'c'))
    expect(order(queue)).toEqual(['1', '4', '5', '2', '3'])
  })

  it('puts a tenant that was just served behind those that were not', () => {
    const queue = fill(waiting('1'), waiting('2', 'b'), waiting('3', 'c'))
    queue.noteServed('a')
    queue.noteServed('c')
    expect(order(queue)).toEqual(['2', '1', '3'])
  })

  it('replaces what is known of a job, and takes it to its new place', () => {
    const queue = fill(waiting('1'), waiting('2'))
    queue.put(waiting('1', 'a', {}, 9))
    expect(order(queue)).toEqual(['2', '1'])
    expect([queue.size, queue.get('1')?.sequence]).toEqual([2, 9])
  })

  it('forgets what is removed; removing nothing is no error', () => {
    const queue = fill(waiting('1'), waiting('2', 'b'))
    queue.remove('1')
    queue.remove('none')
    expect(order(queue)).toEqual(['2'])
    queue.clear()
    expect(order(queue)).toEqual([])
  })

  it('holds what was put and not removed, whatever the order of things', () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 20 }),
      tenant: fc.constantFrom('a', 'b', 'c'),
      queueNumber: fc.integer({ min: -2, max: 2 }),
      isPut: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new FairQueue<Waiting>()
        const model = new Set<string>()
        steps.forEach(({ id, tenant, queueNumber, isPut }, sequence) => {
          if (isPut) queue.put(waiting(`${id}`, tenant, { queueNumber }, sequence))
          else queue.remove(`${id}`)
          if (isPut) model.add(`${id}`)
          else model.delete(`${id}`)
        })
        expect(order(queue).sort()).toEqual([...model].sort())
        for (const tenant of ['a', 'b', 'c']) {
          const numbers = [...queue.inOrder()]
            .filter(({ job }) => job.tenant === tenant)
            .map(({ job }) => job.queueNumber)
          expect(numbers).toEqual([...numbers].sort((x, y) => x - y))
        }
      }),
    )
  })

  it('serves a head after at most one job of each other tenant, however much they add', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 40 }), (tenants, flood) => {
        const queue = new FairQueue<Waiting>()
        let sequence = 0
        const add = (tenant: number) =>
          queue.put(waiting(`${(sequence += 1)}`, `t${tenant}`, { submittedAtMs: sequence }))
        for (let i = 0; i < flood; i += 1) for (let t = 1; t < tenants; t += 1) add(t)
        for (let i = 0; i < 3 * tenants; i += 1) serve()
        add(0)
        let waitedFor = 0
        while (serve() !== 't0') waitedFor += 1
        expect(waitedFor).toBeLessThan(tenants)

        function serve(): string | undefined {
          const [next] = queue.inOrder()
          if (next === undefined) return undefined
          queue.remove(next.job.id)
          queue.noteServed(next.job.tenant)
          // The others never run dry.
          if (next.job.tenant !== 't0') add(Number(next.job.tenant.slice(1)))
          return next.job.tenant
        }
      }),
    )
  })
})
