import type { GenerationJob } from '@atelier/proto'

/** Control pictures that follow the finished ones of a job: one a unit that keeps its own, two with a second pass. */
export function countMaps({ controls, hires }: GenerationJob): number {
  const passes = hires === undefined ? 1 : 2
  return controls.filter(({ keepMap }) => keepMap).length * passes
}
