/** A sampler of SD.Next in names that are taken here: A1111's, or a scheduler class of Diffusers. */
export interface SdnextSampler {
  readonly sampler: string
  /** Label of the schedule that belongs to it. */
  readonly schedule?: string
}

/** Samplers that SD.Next names otherwise than A1111. Its "Default" is the server's: the first of A1111's list. */
export const SDNEXT_SAMPLERS: Readonly<Record<string, SdnextSampler>> = {
  Default: { sampler: 'DPM++ 2M' },
  'Euler SGM': { sampler: 'Euler', schedule: 'SGM Uniform' },
  'DPM++': { sampler: 'DPM++ 2M' },
  'DPM++ 1S': { sampler: 'DPMSolverSinglestepScheduler' },
  'DPM SDE': { sampler: 'DPM++ SDE' },
  KDPM2: { sampler: 'DPM2' },
  'KDPM2 a': { sampler: 'DPM2 a' },
  LMSD: { sampler: 'LMS' },
  PNDM: { sampler: 'PLMS' },
  TCD: { sampler: 'TCDScheduler' },
}
