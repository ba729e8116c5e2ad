import { Job, Surface, type ModelRef } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listParameters } from '../parameters/list-parameters.ts'
import type { PlacedPictures } from '../generation/placed-pictures.ts'
import { listFiles, toGeneration, type JobIdentity } from '../generation/to-job.ts'
import { toPreview } from '../generation/to-preview.ts'
import type { Echo } from '../answer/surface-note.ts'
import type { ScriptPlan } from './script.ts'
import { writeScriptNote } from './script-note.ts'

/** Writes the job of a script's plan; pictures are given part by part. */
export function toScriptJob(
  plan: ScriptPlan,
  { pictures, echo }: { readonly pictures: readonly PlacedPictures[]; readonly echo: Echo },
  models: ModelIndex,
  identity: JobIdentity,
): Job {
  const { now, ...ids } = identity
  const parts = plan.parts.map((part, index) => {
    const mine = pictures[index]!
    const given: PlacedPictures = {
      ...(plan.makesSources === true ? { ...mine, sources: [] } : mine),
      ...(plan.makesMask === true ? { mask: undefined, makesMask: true } : {}),
    }
    return toGeneration(part, given, models, listParameters(part, models))
  })
  const work = plan.work?.(pictures[0]!)
  const enlarger = work?.$case === 'tiles' ? work.value.upscaler?.model : undefined
  return Job.fromPartial({
    ...ids,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: now,
    models: listDistinct([...parts.flatMap(listFiles), ...(enlarger ? [enlarger] : [])]),
    preview: toPreview(plan.parts[0]!.options, plan.parts[0]!.batchSize),
    kind: { $case: 'script', value: { parts, work, output: parts[0]?.output } },
    surfaceNote: writeScriptNote(plan, echo),
  })
}

function listDistinct(files: readonly ModelRef[]): ModelRef[] {
  return [...new Map(files.map((file) => [`${file.kind} ${file.name} ${file.identity}`, file])).values()]
}
