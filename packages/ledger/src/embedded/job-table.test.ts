import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderKind, Job, JobRecord, JobResult, JobState, NamedFile, Surface } from '@atelier/proto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase, type EmbeddedDatabase } from './database.ts'
import { JobTable } from './job-table.ts'

const { JOB_STATE_QUEUED: QUEUED, JOB_STATE_RUNNING: RUNNING, JOB_STATE_DONE: DONE } = JobState
const OPEN_STATES = [QUEUED, RUNNING, JobState.JOB_STATE_CANCELLING]

function record(id: string, job: Partial<Job> = {}, more: Partial<JobRecord> = {}): JobRecord {
  return JobRecord.fromPartial({
    job: Job.fromPartial({ id, tenant: 'open', surface: Surface.SURFACE_SDAPI, publicId: id, ...job }),
    ...{ state: QUEUED, ...more },
  })
}

describe('JobTable', () => {
  let folder = ''
  let database: EmbeddedDatabase
  let table: JobTable
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-job-table-'))
    database = openDatabase(folder)
    // Nothing here has to outlive the test.
    database.exec('PRAGMA synchronous = OFF')
    table = new JobTable(database)
  })
  afterAll(() => {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(() => database.exec('DELETE FROM jobs; DELETE FROM counters; DELETE FROM files'))

  const insert = (one: JobRecord) => table.insert(one, one.job!)
  const idsOf = (records: readonly JobRecord[]) => records.map(({ job }) => job?.id)

  it('gives a record back as it was', () => {
    const whole = record(
      'a',
      { surfaceNote: 'é😀', queueNumber: -2.5 },
      { epoch: 3, workersTried: ['w1', 'w2'] },
    )
    insert(whole)
    expect(table.read('a')).toEqual(whole)
    expect(table.read('b')).toBeUndefined()
  })

  it('refuses a second job of one id', () => {
    insert(record('a'))
    expect(() => insert(record('a'))).toThrow()
  })

  it('tells every change after one once, at its newest, oldest first', () => {
    const start = table.readChange()
    for (const id of ['a', 'b', 'c']) insert(record(id))
    table.update(record('a', {}, { state: RUNNING }))
    table.updateQuietly(record('b', {}, { leaseUntilMs: 7 }))
    const changed = table.listChanged(start)
    expect(changed.map(({ change, record: { job } }) => [change - start, job?.id])).toEqual([
      [2, 'b'],
      [3, 'c'],
      [4, 'a'],
    ])
    // What was stored quietly is there, but no news.
    expect(changed[0]?.record.leaseUntilMs).toBe(7)
    expect(table.listChanged(table.readChange())).toEqual([])
  })

  it('finds under a public id the job that came last, of that tenant and surface', () => {
    insert(record('a', { publicId: 'p' }))
    insert(record('b', { publicId: 'p' }))
    insert(record('c', { publicId: 'p', tenant: 'other' }))
    insert(record('d', { publicId: 'p', surface: Surface.SURFACE_COMFY }))
    table.update(record('a', { publicId: 'p' }, { state: RUNNING }))
    expect(table.findLatest('open', Surface.SURFACE_SDAPI, 'p')?.job?.id).toBe('b')
    expect(table.findLatest('other', Surface.SURFACE_SDAPI, 'p')?.job?.id).toBe('c')
    expect(table.findLatest('other', Surface.SURFACE_COMFY, 'p')).toBeUndefined()
  })

  it('lists the queue by place, fractions and negative ones too, then by age, in pages', () => {
    const places = { a: 2, b: 1, c: 1.5, d: -1, e: 1 }
    for (const [id, queueNumber] of Object.entries(places)) insert(record(id, { queueNumber }))
    insert(record('runs', { queueNumber: -9 }, { state: RUNNING }))
    const page = (size: number, offset: number) => table.readQueue(size, offset).map(({ id }) => id)
    expect(page(9, 0)).toEqual(['d', 'b', 'e', 'c', 'a'])
    expect([page(2, 0), page(2, 2), page(2, 4)]).toEqual([['d', 'b'], ['e', 'c'], ['a']])
    expect(table.readQueue(1, 0)[0]?.read()).toMatchObject({ job: { id: 'd' } })
  })

  it('selects what a plain search through all records would', () => {
    const states: readonly JobState[] = [...OPEN_STATES, DONE, JobState.JOB_STATE_FAILED]
    const spec = fc.record({
      state: fc.constantFrom(...states),
      tenant: fc.constantFrom('open', 'other'),
      surface: fc.constantFrom(Surface.SURFACE_SDAPI, Surface.SURFACE_COMFY),
    })
    const query = fc.record({
      tenant: fc.option(fc.constantFrom('open', 'other'), { nil: undefined }),
      surface: fc.option(fc.constantFrom(Surface.SURFACE_SDAPI, Surface.SURFACE_COMFY), { nil: undefined }),
      limit: fc.option(fc.nat(4), { nil: undefined }),
      wanted: fc.uniqueArray(fc.constantFrom(...states), { minLength: 1 }),
    })
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 8 }), query, (specs, { wanted, ...asked }) => {
        database.exec('DELETE FROM jobs')
        const all = specs.map(({ state, ...job }, i) => record(`j${i}`, job, { state }))
        for (const one of all) {
          insert(one)
          table.update(one)
        }
        const { tenant, surface, limit } = asked
        const expected = all.filter(
          ({ job, state }) =>
            wanted.includes(state) &&
            (tenant === undefined || job?.tenant === tenant) &&
            (surface === undefined || job?.surface === surface),
        )
        const present = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
        expect(idsOf(table.select(present, wanted, 'submitted'))).toEqual(idsOf(expected.slice(0, limit)))
      }),
      { numRuns: 60 },
    )
  })

  it('lists those that somebody holds, until when', () => {
    insert(record('waits'))
    insert(record('runs', {}, { state: RUNNING }))
    table.update(record('runs', {}, { state: RUNNING, leaseUntilMs: 1_700_000_000_123 }))
    insert(record('stops', {}, { state: JobState.JOB_STATE_CANCELLING }))
    expect(table.listHeld().sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: 'runs', leaseUntil: 1_700_000_000_123 },
      { id: 'stops', leaseUntil: 0 },
    ])
  })

  it('removes a job that has ended, of its own tenant alone', () => {
    insert(record('a'))
    expect(table.removeEnded('open', 'a')).toBe(0)
    table.update(record('a', {}, { state: DONE, endedAtMs: 5 }))
    expect([
      table.removeEnded('other', 'a'),
      table.removeEnded('open', 'a'),
      table.removeEnded('open', 'a'),
    ]).toEqual([0, 1, 0])
  })

  it('gives numbers of a counter once, from 1, without gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }), (counts) => {
        database.exec('DELETE FROM counters')
        const given = counts.flatMap((count) => {
          const first = table.allocate('open', 'files', count)
          return Array.from({ length: count }, (_, i) => first + i)
        })
        expect(given).toEqual(Array.from({ length: given.length }, (_, i) => i + 1))
      }),
      { numRuns: 20 },
    )
    const before = table.allocate('open', 'files', 1)
    expect([table.allocate('other', 'files', 1), table.allocate('open', 'prompts', 1)]).toEqual([1, 1])
    expect(table.allocate('open', 'files', 1)).toBe(before + 1)
  })

  it('enters the names of files, the newest of a name, and no file that is in no folder', () => {
    const file = (name: string, folder: FolderKind, storedAtMs = 0) =>
      NamedFile.fromPartial({ name, folder, subfolder: 's', storedAtMs })
    const output = FolderKind.FOLDER_KIND_OUTPUT
    const files = [
      file('a.png', output),
      file('none.png', FolderKind.FOLDER_KIND_UNSPECIFIED),
      file('a.png', output, 9),
    ]
    table.enterFiles(record('a', {}, { result: JobResult.fromPartial({ files }) }))
    table.enterFiles(record('b'))
    const rows = database.prepare('SELECT tenant, folder, subfolder, name, file FROM files').all() as {
      tenant: string
      name: string
      file: ArrayBuffer
    }[]
    expect(rows.map(({ tenant, name }) => [tenant, name])).toEqual([['open', 'a.png']])
    expect(NamedFile.decode(new Uint8Array(rows[0]!.file)).storedAtMs).toBe(9)
  })
})
