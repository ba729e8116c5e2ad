import type { ModelFile } from '@atelier/proto'
import type { Derivation } from '../adapters/derive-weights.ts'
import { Batcher, type BatcherOptions, type EvaluationListener } from '../batching/batcher.ts'
import type { RowCurves } from '../batching/row-curves.ts'
import { surviveMemory } from '../batching/survive-memory.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { partsOfCheckpoint } from './adaptable-parts.ts'
import { roundDenoiser, type CheckpointSource } from './checkpoint-source.ts'
import type { AdapterSet, DerivedModel, DerivedModels } from './derived-models.ts'
import { loadDenoiser } from './load-denoiser.ts'
import { loadBase } from './load-model.ts'
import { loadChangedTexts } from './load-texts.ts'
import { withValue } from './loaded.ts'
import type { LoadedModel, LoadedVae } from './loaded-model.ts'
import { refuseNaN } from './refuse-nan.ts'
import type { Residency, Use } from './residency.ts'
import { Uses } from './uses.ts'

/** A checkpoint in use: its networks, evaluations joined by a batcher. */
export interface UsableCheckpoint {
  readonly model: LoadedModel
  readonly vae?: LoadedVae
  /** What of its adapters did not act, and why. */
  readonly remarks: readonly string[]
}

/** How evaluations of denoising networks are joined and watched. */
export interface EvaluationOptions {
  /** Latent elements joined into one evaluation at most. */
  readonly maxBatchElements: number
  /** Calls have few numbers of rows (Batcher). */
  readonly fillsBuckets?: boolean
  /** Calls leave this process free (Batcher). */
  readonly takesTurns?: boolean
  /** How long calls took before this process was started. */
  readonly rowCurves?: RowCurves
  /** Hears how long an evaluation of a denoising network took, seconds, and how many rows it had. */
  readonly onEvaluated?: EvaluationListener
  /** Hears what an operator wants to know. */
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void
}

/** What a checkpoint is put together with. */
export interface CheckpointDeps {
  readonly residency: Residency
  readonly derived: DerivedModels
  readonly session: SessionOptions
  readonly evaluation: EvaluationOptions
}

const WHAT_NEXT = { room: 'what does not run is let go', halves: 'the rows are evaluated in halves' }

/**
 * Uses a checkpoint, changed by adapters where there are any. Each set of adapters has a denoiser and text encoders of its
 * own where it changes those, and a batcher with them.
 */
export async function useCheckpoint(
  file: ModelFile,
  adapters: AdapterSet | undefined,
  deps: CheckpointDeps,
): Promise<Use<UsableCheckpoint>> {
  const uses = new Uses()
  try {
    return { value: await assemble(file, adapters, { ...deps, uses }), done: () => uses.done() }
  } catch (error) {
    uses.done()
    throw error
  }
}

async function assemble(
  { path, identity, name }: ModelFile,
  adapters: AdapterSet | undefined,
  deps: CheckpointDeps & { readonly uses: Uses },
): Promise<UsableCheckpoint> {
  const { residency, derived, session, uses } = deps
  const base = await uses.take(residency.use(identity, () => loadBase(path, identity, session)))
  const { model, vae } = base
  const rounding = adapters?.rounding
  const source = roundDenoiser(base.source, rounding)
  const weights = rounding === undefined ? identity : `${identity} as ${rounding}`
  const set = adapters?.refs.length ? adapters : undefined
  const changed = set && derived.find(partsOfCheckpoint(source, name), weights, set)
  const predict = createPredict({ source, changed, key: `${weights} denoiser`, identity }, deps)
  const texts = await useChangedTexts(source, changed, deps)
  return {
    model: {
      ...model,
      textEncoders: model.textEncoders.map((encoder) => texts?.get(encoder.key) ?? encoder),
      predict,
    },
    remarks: [...(changed?.derivation.remarks.values() ?? [])].flat(),
    ...(vae && { vae }),
  }
}

interface DenoiserPlace {
  readonly source: CheckpointSource
  readonly changed: DerivedModel | undefined
  /** What the network is known by where nothing changes it. */
  readonly key: string
  /** The checkpoint's: adapters do not change what a call costs, so that their networks share its curves. */
  readonly identity: string
}

/** The denoising network, taken at the first evaluation: jobs that only encode or decode never do. */
function createPredict(
  place: DenoiserPlace,
  deps: CheckpointDeps & { readonly uses: Uses },
): PredictionNetwork {
  let denoiser: Promise<PredictionNetwork> | undefined
  return async (inputs) => {
    const output = await (await (denoiser ??= deps.uses.take(useDenoiser(place, deps))))(inputs)
    // Behind the batcher: the rows of other jobs are theirs.
    return refuseNaN(output, 'Unet', [inputs.latent, inputs.context, ...Object.values(inputs.control ?? {})])
  }
}

async function useDenoiser(
  { source, changed, key, identity }: DenoiserPlace,
  { residency, session, evaluation }: CheckpointDeps,
): Promise<Use<PredictionNetwork>> {
  const derivation: Derivation | undefined =
    changed?.denoiserKey === undefined ? undefined : changed.derivation
  return residency.use(changed?.denoiserKey ?? key, () => {
    const loaded = loadDenoiser(source, session, { derivation, makeRoom: () => residency.fit() })
    const lasting = surviveMemory(loaded.value, {
      makeRoom: () => residency.makeRoom('resting'),
      onShort: (rows, next) => evaluation.log?.(`memory ran out; ${WHAT_NEXT[next]}`, { rows }),
    })
    return withValue(loaded, new Batcher(lasting, toBatching(identity, evaluation)).predict)
  })
}

async function useChangedTexts(
  source: CheckpointSource,
  changed: DerivedModel | undefined,
  { residency, session, uses }: CheckpointDeps & { readonly uses: Uses },
): Promise<Awaited<ReturnType<typeof loadChangedTexts>>['value'] | undefined> {
  if (changed?.textsKey === undefined) return undefined
  return uses.take(
    residency.use(changed.textsKey, () => loadChangedTexts(source, session, changed.derivation)),
  )
}

function toBatching(identity: string, evaluation: EvaluationOptions): BatcherOptions {
  const { maxBatchElements, fillsBuckets = false, takesTurns = false, rowCurves, onEvaluated } = evaluation
  return {
    ...{ maxElements: maxBatchElements, fillsBuckets, takesTurns },
    ...rowCurves?.of(identity),
    ...(onEvaluated && { onEvaluated }),
  }
}
