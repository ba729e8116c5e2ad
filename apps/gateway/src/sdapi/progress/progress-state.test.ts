import { formatExactJson } from '@atelier/catalog/exact-json'
import { GenerationJob, HiresPass, Job, JobRecord, JobResult, JobState, ScriptJob } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { JobProgress } from '../../dispatch/job-dispatcher.ts'
import { toIdleState, toRunningState, toSecondsLeft, toShare, toStateBody } from './progress-state.ts'

const { JOB_STATE_RUNNING: RUNNING, JOB_STATE_DONE: DONE } = JobState

const recordOf = (kind: Job['kind'], more: Partial<JobRecord> = {}, surfaceNote = '') =>
  JobRecord.fromPartial({ job: Job.fromPartial({ kind, surfaceNote }), state: RUNNING, ...more })
const generation = (
  value: Parameters<typeof GenerationJob.fromPartial>[0] = {},
  more: Partial<JobRecord> = {},
) => recordOf({ $case: 'generation', value: GenerationJob.fromPartial(value) }, more)
const progress = (more: Partial<JobProgress>) => more as JobProgress

describe('toRunningState', () => {
  it('does not know passes before the worker has told of them', () => {
    expect(toRunningState(generation(), undefined)).toMatchObject({
      ...{ job: 'scripts_txt2img', jobCount: -1, jobNumber: 0, samplingStep: 0, samplingSteps: 0 },
      ...{ isInterrupted: false },
    })
  })

  it('shows the step that has ended, from 0, as A1111 counts', () => {
    const at = (step: number) =>
      toRunningState(generation(), progress({ passCount: 1, passIndex: 0, step, totalSteps: 20 }))
        .samplingStep
    expect([at(0), at(1), at(2), at(20)]).toEqual([0, 0, 1, 19])
  })

  it.each([
    ['one batch', {}, 1, 0, 'scripts_txt2img'],
    ['one batch of two passes', { hires: {} }, 2, 1, 'scripts_txt2img'],
    ['the first of three batches', {}, 3, 0, 'Batch 1 out of 3'],
    ['the last of three batches', {}, 3, 2, 'Batch 3 out of 3'],
    ['the second pass of the second of two batches', { hires: {} }, 4, 3, 'Batch 2 out of 2'],
    ['pictures from pictures', { source: {} }, 1, 0, 'scripts_img2img'],
  ] as const)('names %s', (...row) => {
    const [, value, passCount, passIndex, job] = row
    const state = toRunningState(
      generation(value),
      progress({ passCount, passIndex, step: 1, totalSteps: 4 }),
    )
    expect(state).toMatchObject({ job, jobCount: passCount, jobNumber: passIndex })
  })

  it('names the part of a script whose pass runs, whatever passes the parts take', () => {
    const image = { prompt: '' }
    const parts = [
      { images: [image, image, image], batchSize: 2 },
      { images: [image], batchSize: 1, hires: HiresPass.fromPartial({}) },
      { images: [image], batchSize: 0 },
    ]
    const note = '{"info": {}, "told": {}, "names": ["first", "second", "third"], "answer": {"texts": "own"}}'
    const script = recordOf({ $case: 'script', value: ScriptJob.fromPartial({ parts }) }, {}, note)
    const names = [0, 1, 2, 3, 4, 5].map(
      (passIndex) =>
        toRunningState(script, progress({ passCount: 5, passIndex, step: 0, totalSteps: 1 })).job,
    )
    // Beyond the last pass (it ends in a moment) the last name stays.
    expect(names).toEqual(['first', 'first', 'second', 'second', 'third', 'third'])
  })

  it('says that a job is being stopped', () => {
    const record = generation({}, { state: JobState.JOB_STATE_CANCELLING })
    expect(toRunningState(record, undefined).isInterrupted).toBe(true)
  })

  it('names work on pictures', () => {
    const extras = recordOf({ $case: 'extras', value: {} } as unknown as Job['kind'])
    expect(toRunningState(extras, progress({ passCount: 1, passIndex: 0 })).job).toBe('extras')
  })
})

describe('toIdleState', () => {
  it('is all zeros before the first job', () => {
    expect(formatExactJson(toStateBody(toIdleState(undefined)))).toBe(
      '{"skipped": false, "interrupted": false, "stopping_generation": false, "job": "", "job_count": 0, ' +
        '"job_timestamp": "0", "job_no": 0, "sampling_step": 0, "sampling_steps": 0}',
    )
  })

  const result = (count: number) =>
    JobResult.fromPartial({ imageIndexes: Array.from({ length: count }, (_, i) => i) })

  it.each([
    ['whole batches', { batchSize: 2 }, 4, 2],
    ['a batch that is not full', { batchSize: 2 }, 3, 2],
    ['batches of two passes', { batchSize: 2, hires: {} }, 4, 4],
    ['a job of an earlier version without its batches', { batchSize: 0 }, 3, 3],
    ['nothing', { batchSize: 1 }, 0, 0],
  ])('keeps the count of passes of the last job: %s', (_what, value, made, jobNumber) => {
    const record = generation(value, { state: DONE, result: result(made) })
    expect(toIdleState(record)).toMatchObject({ job: '', jobCount: 0, jobNumber, samplingStep: 0 })
  })

  // A1111's setup_img2img_steps: int(min(strength, 0.999) * steps) + 1.
  it.each([
    [{ sampling: { steps: 20 } }, 20],
    [{ sampling: { steps: 20 }, source: { strength: 0.75 } }, 16],
    [{ sampling: { steps: 20 }, source: { strength: 1 } }, 20],
    [{ sampling: { steps: 20 }, source: { strength: 0 } }, 1],
    [{ sampling: { steps: 20 }, source: { strength: 0.75, runAllSteps: true } }, 20],
    [{ sampling: { steps: 20 }, hires: { sampling: { steps: 7 } } }, 7],
  ])('keeps the steps of its last pass: %j', (value, steps) => {
    expect(toIdleState(generation(value, { state: DONE })).samplingSteps).toBe(steps)
  })

  it('says that the last job was interrupted', () => {
    expect(toIdleState(generation({}, { state: JobState.JOB_STATE_INTERRUPTED })).isInterrupted).toBe(true)
    expect(toIdleState(generation({}, { state: JobState.JOB_STATE_FAILED })).isInterrupted).toBe(false)
  })
})

describe('the share of a job that is done', () => {
  const state = (passCount: number, passIndex: number, step: number) =>
    toRunningState(generation(), progress({ passCount, passIndex, step, totalSteps: 10 }))

  it('counts passes that have ended and steps of the present one', () => {
    expect(toShare(state(1, 0, 6), 0)).toBeCloseTo(0.5, 12)
    expect(toShare(state(4, 1, 1), 0)).toBeCloseTo(0.25, 12)
    expect(toShare(state(4, 3, 10), 0)).toBeCloseTo(0.975, 12)
    expect(toShare(state(4, 3, 11), 0.01)).toBeCloseTo(1.01, 12)
  })

  it('is what it starts with while passes or steps are not known', () => {
    expect(toShare(toRunningState(generation(), undefined), 0.01)).toBe(0.01)
    expect(toShare({ ...state(2, 0, 3), samplingSteps: 0 }, 0)).toBe(0)
  })

  it('leaves as many seconds as the rest took so far', () => {
    expect(toSecondsLeft(3000, 0.25)).toBe(9)
    expect(toSecondsLeft(3000, 1)).toBe(0)
  })
})
