import { JobRecord, ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { hasModels, UnfitJobs } from './unfit-jobs.ts'

const file = (name: string, identity = name) =>
  ModelFile.fromPartial({ kind: ModelKind.MODEL_KIND_CHECKPOINT, name, identity })
const record = (workersTried: string[] = ['me']) =>
  JobRecord.fromPartial({ job: { id: 'j', models: [file('x')] }, workersTried })
const worker = (id: string, more: Partial<WorkerDescription> = {}) =>
  WorkerDescription.fromPartial({ id, ready: true, models: [file('x')], ...more })
const createUnfit = (...workers: WorkerDescription[]) =>
  new UnfitJobs({ workerId: 'me', listWorkers: async () => workers })

describe('hasModels', () => {
  it('wants every file with its identity, and takes any where none was pinned', () => {
    const job = record().job!
    expect(hasModels([file('x')], job)).toBe(true)
    expect(hasModels([file('x', 'another')], job)).toBe(false)
    expect(hasModels([], job)).toBe(false)
    const loose = JobRecord.fromPartial({ job: { models: [file('x', '')] } }).job!
    expect(hasModels([file('x', 'any')], loose)).toBe(true)
  })
})

describe('UnfitJobs', () => {
  it('leaves a job to another worker that says it has the files, and remembers it', async () => {
    const unfit = createUnfit(worker('me'), worker('other'))
    expect(unfit.has('j')).toBe(false)
    expect(await unfit.leaveToOthers(record(), 'model-changed')).toBe(true)
    expect(unfit.has('j')).toBe(true)
  })

  it('leaves a job for which its device has too little memory to another worker', async () => {
    const unfit = createUnfit(worker('me'), worker('other'))
    expect(await unfit.leaveToOthers(record(), 'out-of-memory')).toBe(true)
    expect(await unfit.leaveToOthers(record(['me', 'other']), 'out-of-memory')).toBe(false)
  })

  it.each([
    ['there is no other', createUnfit(worker('me')), record(), 'not-found'],
    ['the other has tried it', createUnfit(worker('other')), record(['me', 'other']), 'not-found'],
    ['the other has not the files', createUnfit(worker('other', { models: [] })), record(), 'not-found'],
    ['the other takes no more jobs', createUnfit(worker('other', { draining: true })), record(), 'not-found'],
    ['the other’s engine is down', createUnfit(worker('other', { ready: false })), record(), 'not-found'],
    ['the fault is the job’s own', createUnfit(worker('other')), record(), 'invalid-request'],
  ])('lets the job fail where %s', async (_reason, unfit, failed, code) => {
    expect(await unfit.leaveToOthers(failed, code)).toBe(false)
    expect(unfit.has('j')).toBe(false)
  })

  it('lets the job fail when the directory cannot be read', async () => {
    const unfit = new UnfitJobs({ workerId: 'me', listWorkers: () => Promise.reject(new Error('away')) })
    expect(await unfit.leaveToOthers(record(), 'not-found')).toBe(false)
  })
})
