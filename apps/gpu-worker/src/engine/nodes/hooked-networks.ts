import { KeyframeCourse, type HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import type { GuidingEntry } from '../denoise/composition/guiding-entry.ts'
import type { ModelSampling } from '../denoise/model-sampling.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { Use } from '../models/residency.ts'
import type { HookValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'
import { toChange } from './hooks.ts'
import { useModel } from './use-model.ts'

/** What hooked networks are opened with. */
export interface HookSetting {
  readonly model: ModelValue
  readonly sampling: ModelSampling
  /** Noise levels of the run. */
  readonly sigmas: ArrayLike<number>
}

interface Opened {
  readonly use: Promise<Use<UsableCheckpoint>>
  /** Noise level it was last asked for at. */
  sigma: number
}

type NetworkAt = NonNullable<GuidingEntry['networkAt']>

/** Owns the networks that hooks of conditionings make of a model in one run; those that no step needs any more are let go. */
export class HookedNetworks {
  readonly #setting: HookSetting
  readonly #context: Pick<NodeContext, 'models' | 'remark'>
  readonly #courses = new Map<readonly HookKeyframe[], KeyframeCourse>()
  readonly #opened = new Map<string, Opened>()
  readonly #told = new Set<string>()

  constructor(setting: HookSetting, context: Pick<NodeContext, 'models' | 'remark'>) {
    this.#setting = setting
    this.#context = context
  }

  /** The network of hooks at each noise level. */
  of(hooks: HookValue): NetworkAt {
    return async (sigma) => {
      const strengths = hooks.map((hook) => this.#strengthAt(hook.keyframes, sigma))
      const adapters = hooks.map((hook, index) => toChange(hook, 'denoiser', strengths[index]!))
      const key = hooks
        .map(({ file, modelStrength }, index) => `${file.identity}@${modelStrength * strengths[index]!}`)
        .join()
      const opened = this.#opened.get(key) ?? this.#open(key, adapters, sigma)
      opened.sigma = sigma
      return (await opened.use).value.model.predict
    }
  }

  #strengthAt(keyframes: readonly HookKeyframe[], sigma: number): number {
    const { sampling, sigmas } = this.#setting
    const course =
      this.#courses.get(keyframes) ??
      new KeyframeCourse(keyframes, {
        atPercent: (share) => sampling.atPercent(share),
        highestSigma: Math.max(...Array.from(sigmas)),
      })
    this.#courses.set(keyframes, course)
    return course.strengthAt(sigma)
  }

  #open(key: string, adapters: NonNullable<ModelValue['adapters']>, sigma: number): Opened {
    for (const [other, { use, sigma: last }] of this.#opened) {
      if (last === sigma) continue
      this.#opened.delete(other)
      void letGo(use)
    }
    const { model } = this.#setting
    const use = useModel({ ...model, adapters: [...(model.adapters ?? []), ...adapters] }, this.#context)
    const opened: Opened = { use: use.then((taken) => this.#tellRemarks(taken)), sigma }
    this.#opened.set(key, opened)
    return opened
  }

  #tellRemarks(use: Use<UsableCheckpoint>): Use<UsableCheckpoint> {
    for (const remark of use.value.remarks) {
      if (!this.#told.has(remark)) this.#context.remark(remark)
      this.#told.add(remark)
    }
    return use
  }

  /** Lets all of them go. */
  async close(): Promise<void> {
    for (const { use } of this.#opened.values()) await letGo(use)
    this.#opened.clear()
  }
}

/** Ends a use, when it has begun; one that cannot begin has nothing to end. Never rejects. */
async function letGo(use: Opened['use']): Promise<void> {
  const [taken] = await Promise.allSettled([use])
  if (taken.status === 'fulfilled') taken.value.done()
}
