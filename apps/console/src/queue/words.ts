import type { JobSummary } from '@atelier/catalog/atelier-api'

/** What is asked for, in words. */
export const KIND_NAMES: Readonly<Record<JobSummary['kind'], string>> = {
  'text-to-image': 'Text to image',
  'image-to-image': 'Image to image',
  script: 'Script',
  upscale: 'Upscale',
  'control-map': 'Control map',
  'node-graph': 'Node graph',
}

/** The API families, as their users know them. */
export const SURFACE_NAMES: Readonly<Record<JobSummary['surface'], string>> = {
  sdapi: 'WebUI API',
  comfy: 'ComfyUI API',
}

/** What has become of a job, in words. */
export const STATE_NAMES: Readonly<Record<JobSummary['state'], string>> = {
  queued: 'Waits',
  running: 'Runs',
  cancelling: 'Stops',
  done: 'Done',
  failed: 'Failed',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  expired: 'Expired',
  rejected: 'Rejected',
  parked: 'Parked: it ended several workers',
}
