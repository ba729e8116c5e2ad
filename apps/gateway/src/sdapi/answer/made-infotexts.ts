import type { GenerationJob, JobRecord } from '@atelier/proto'

/** The infotext of each image of a generation or script, as its file carries it where it was made. */
export function readInfotexts({ job, result }: JobRecord): string[] {
  const texts = partsOf(job?.kind).flatMap(({ images }) => images.map(({ infotext }) => infotext))
  const made = result?.infotexts ?? []
  for (const [at, index] of (result?.imageIndexes ?? []).entries())
    texts[index] = made[at] ?? texts[index] ?? ''
  return texts
}

function partsOf(kind: NonNullable<JobRecord['job']>['kind']): readonly GenerationJob[] {
  if (kind?.$case === 'generation') return [kind.value]
  return kind?.$case === 'script' ? kind.value.parts : []
}
