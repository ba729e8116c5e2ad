import { expect, it } from 'vitest'
import { createModelSampling } from '../model-sampling.ts'
import { middleOf } from './middle.ts'

// Steps of dpm_2_ancestral over "normal" of six steps, as ComfyUI 0.3.64 takes them.
it.each([
  { sigma: 14.6146402, next: 2.42150283, middle: 5.94889784, timestep: 832 },
  { sigma: 2.91830707, next: 0.894388437, middle: 1.61558032, timestep: 500 },
  { sigma: 0.932357967, next: 0.261265814, middle: 0.493551672, timestep: 166 },
])('is in f32 what the originals compute between $sigma and $next', ({ sigma, next, middle, timestep }) => {
  expect(middleOf(sigma, next, 'comfy')).toBe(Math.fround(middle))
  expect(createModelSampling().toNearestTimestep(middleOf(sigma, next, 'comfy'))).toBe(timestep)
})
