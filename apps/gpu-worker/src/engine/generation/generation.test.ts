import { describe, expect, it } from 'vitest'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import { withCheckpoint, type Generation } from './generation.ts'
import { smallJob } from './test-kit.ts'

const generationOf = (job: object) => ({ job: smallJob(job), vae: 'the first one' }) as unknown as Generation
const other = { vae: 'its own' } as unknown as UsableCheckpoint

describe('a checkpoint that takes over', () => {
  it('decodes with its own VAE', () => {
    expect(withCheckpoint(generationOf({}), other)).toMatchObject({ checkpoint: other, vae: 'its own' })
  })

  it('leaves the VAE that the job names, and the first one where it has none', () => {
    expect(withCheckpoint(generationOf({ vae: { name: 'v' } }), other).vae).toBe('the first one')
    expect(withCheckpoint(generationOf({}), {} as UsableCheckpoint).vae).toBe('the first one')
  })
})
