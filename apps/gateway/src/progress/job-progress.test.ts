import { describe, expect, it } from 'vitest'
import { ImageFormat, JobEvent } from '@atelier/proto'
import { advanceProgress, NO_PROGRESS } from './job-progress.ts'

type Happening = NonNullable<JobEvent['event']>
const fold = (...happenings: Happening[]) =>
  happenings.map((event) => ({ ...JobEvent.create(), event })).reduce(advanceProgress, NO_PROGRESS)
const preview = (step: number): Happening => ({
  $case: 'previewReady',
  value: {
    format: ImageFormat.IMAGE_FORMAT_JPEG,
    data: Uint8Array.of(step),
    width: 1,
    height: 1,
    nodeId: '',
    step,
  },
})

describe('advanceProgress', () => {
  it('keeps the newest step of the newest pass', () => {
    const progress = fold(
      { $case: 'jobStart', value: { cachedNodeIds: [], passCount: 2 } },
      { $case: 'stepProgress', value: { step: 20, totalSteps: 20, passIndex: 0, nodeId: '' } },
      { $case: 'stepProgress', value: { step: 1, totalSteps: 20, passIndex: 1, nodeId: '' } },
    )
    expect(progress).toEqual({ passCount: 2, passIndex: 1, step: 1, totalSteps: 20 })
  })

  it('counts previews and keeps the last', () => {
    const progress = fold(preview(1), preview(5))
    expect(progress.preview).toEqual({ bytes: Uint8Array.of(5), mediaType: 'image/jpeg', step: 5, number: 2 })
  })

  it('starts over when the job starts over', () => {
    expect(fold(preview(1), { $case: 'jobStart', value: { cachedNodeIds: [], passCount: 1 } })).toEqual({
      ...NO_PROGRESS,
      passCount: 1,
    })
  })
})
