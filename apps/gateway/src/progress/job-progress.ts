import { ImageFormat, type JobEvent } from '@atelier/proto'

/** The newest picture of a running job. */
export interface PreviewPicture {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** Step it shows. */
  readonly step: number
  /** Counts the previews of this job, from 1. */
  readonly number: number
}

/** What events say about how far a job is. */
export interface ProgressCounters {
  readonly passCount: number
  readonly passIndex: number
  readonly step: number
  readonly totalSteps: number
  readonly preview?: PreviewPicture
  /** Node graphs: the node that began last. */
  readonly nodeId?: string
}

/** Before the first event. */
export const NO_PROGRESS: ProgressCounters = { passCount: 0, passIndex: 0, step: 0, totalSteps: 0 }

const MEDIA_TYPES = new Map<ImageFormat, string>([
  [ImageFormat.IMAGE_FORMAT_JPEG, 'image/jpeg'],
  [ImageFormat.IMAGE_FORMAT_WEBP, 'image/webp'],
])

/** Folds one event into the counters. */
export function advanceProgress(progress: ProgressCounters, event: JobEvent): ProgressCounters {
  const happened = event.event
  switch (happened?.$case) {
    case 'jobStart':
      return { ...NO_PROGRESS, passCount: happened.value.passCount }
    case 'nodeStart':
      return { ...progress, nodeId: happened.value.nodeId }
    case 'stepProgress': {
      const { step, totalSteps, passIndex } = happened.value
      return { ...progress, step, totalSteps, passIndex }
    }
    case 'previewReady': {
      const { data, format, step } = happened.value
      const number = (progress.preview?.number ?? 0) + 1
      return {
        ...progress,
        preview: { bytes: data, mediaType: MEDIA_TYPES.get(format) ?? 'image/png', step, number },
      }
    }
    default:
      return progress
  }
}
