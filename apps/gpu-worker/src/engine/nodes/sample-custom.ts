import { combine } from '../denoise/combine.ts'
import { createComposer } from '../denoise/composition/compose.ts'
import { guidePerpendicularlyFrom } from '../denoise/composition/guide-by-attention.ts'
import { createGuide } from '../denoise/composition/guide-patches.ts'
import type { GuidanceExtra } from '../denoise/composition/guidance-extra.ts'
import { createComposedDenoiser } from '../denoise/composition/guiders.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { resolveLists, type ScopedEntry } from '../denoise/composition/resolve-lists.ts'
import { patchNetwork } from '../denoise/inside/patch-network.ts'
import { createKeepingDenoiser, fitMask } from '../denoise/keep-latent.ts'
import { createThresholdMask } from '../denoise/mask-thresholds.ts'
import { prepareBatchNoise } from '../denoise/noise/batch-noise.ts'
import { createComfyNoise } from '../denoise/noise/sampler-noise.ts'
import { pictureShare } from '../denoise/model-sampling.ts'
import { planComfySigmas } from '../denoise/plan-comfy.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import { runSampling } from '../denoise/run-sampling.ts'
import type { Denoiser, StepReport } from '../denoise/sampler.ts'
import { toModelLatent, toVaeLatent, type LatentFormat } from '../models/latent-format.ts'
import { patchModel, type SampledModel } from '../models/patched-model.ts'
import type { BoxLink, ConditioningValue, LatentValue, NodeContext } from '../node-graph/node-context.ts'
import type { GuiderValue, NoiseValue, SamplerValue, SigmasValue } from '../node-graph/sampling-values.ts'
import { createPreviewer, type Previewer } from '../preview/previewer.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { shareBoxes, showBoxesTo } from './box-networks.ts'
import { openEntryControls } from './entry-controls.ts'
import { HookedNetworks } from './hooked-networks.ts'
import { useModel } from './use-model.ts'
import { toContent, type ContentSetting } from './entry-content.ts'

/** One sampling as the custom sampling nodes ask for it. */
export interface CustomSampling {
  readonly guider: GuiderValue
  readonly sampler: SamplerValue
  readonly sigmas: SigmasValue
  readonly noise: NoiseValue
  readonly latent: LatentValue
}

/** The latent a sampling ended with, and the clean one its last evaluation predicted. */
export interface CustomSampled {
  readonly output: LatentValue
  readonly denoised: LatentValue
}

/** Samples a latent over given sigmas by ComfyUI's rules, telling each step. */
export async function sampleCustom(request: CustomSampling, context: NodeContext): Promise<CustomSampled> {
  const use = await useModel(request.guider.model, context)
  try {
    const model = patchModel(use.value.model, request.guider.model.patches)
    const controls = await openEntryControls(request.guider, model.sampling, context)
    const { sigmas } = request
    const hooked = new HookedNetworks(
      { model: request.guider.model, sampling: model.sampling, sigmas },
      context,
    )
    try {
      const guider = { ...request.guider, conditionings: shareBoxes(controls.conditionings) }
      return await sampleWith(model, { ...request, guider, controlsOf: controls.of, hooked }, context)
    } finally {
      controls.done()
      await hooked.close()
    }
  } finally {
    use.done()
  }
}

async function sampleWith(
  model: SampledModel,
  request: CustomSampling & Pick<ContentSetting, 'controlsOf'> & { readonly hooked: HookedNetworks },
  context: NodeContext,
): Promise<CustomSampled> {
  const latent = fixChannels(request.latent, LATENT_CHANNELS)
  const { sigmas, noise } = request
  if (sigmas.length === 0) return { output: latent, denoised: latent }
  const planned = planComfySigmas({ ...request.sampler, sigmas, model: model.sampling })
  const plan = model.consistencyAt ? { ...planned, consistencyAt: model.consistencyAt } : planned
  const source = toSource(latent, model.latents)
  const startNoise = prepareNoise(noise, latent)
  const toLatent = (samples: Tensor): LatentValue => ({
    ...latent,
    samples: toVaeLatent(samples, model.latents),
  })
  if (sigmas.length === 1) {
    const output = toLatent(plan.end(plan.begin(startNoise, source)))
    return { output, denoised: output }
  }
  const previewer = createPreviewer(context.job.job.preview, { models: context.models, model })
  let clean: Tensor | undefined
  const mask = latent.noiseMask && fitMask(latent.noiseMask, source.shape)
  const { controlsOf, hooked } = request
  const setting = { model, source, mask, controlsOf, seed: noise.seed }
  const denoise = createDenoiser(request.guider, { plan, setting, hooked, models: context.models })
  const result = await runSampling({
    plan,
    denoise: keepOutside(denoise, { request, model, mask, source, startNoise }),
    noise: createComfyNoise(noise.seed, source.shape, plan.brownianRange),
    startNoise,
    source,
    options: { ...PLAIN_OPTIONS, ...request.sampler.options },
    isStopped: () => context.job.cancelled.aborted,
    onStep: async (report) => {
      clean = report.denoised
      await tellStep(report, plan.sigmas.length - 1, { context, previewer })
    },
  })
  const output = toLatent(result.latent)
  return { output, denoised: clean === undefined ? output : toLatent(clean) }
}

/** Channels of the latents of every Stable Diffusion model. */
const LATENT_CHANNELS = 4
const PLAIN_OPTIONS = { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'comfy' } as const

/** Start noise of a latent's shape: none, or the seed's, each image's by its place in a batch where that is known. */
export function prepareNoise({ seed, isSilent }: NoiseValue, { samples, batchIndex }: LatentValue): Tensor {
  return isSilent ? createTensor(samples.shape) : prepareBatchNoise(seed, samples.shape, batchIndex)
}

/** A latent as a model samples it. An empty one is not brought to its scale: it stays empty. */
export function toSource({ samples }: LatentValue, latents: LatentFormat): Tensor {
  return samples.data.some((value) => value !== 0) ? toModelLatent(samples, latents) : samples
}

/** An empty latent of another kind of model is made anew with the channels of this one. */
function fixChannels(latent: LatentValue, channels: number): LatentValue {
  const { shape, data } = latent.samples
  if (shape[1] === channels || data.some((value) => value !== 0)) return latent
  return { ...latent, samples: createTensor([shape[0]!, channels, ...shape.slice(2)]) }
}

function createDenoiser(
  guider: GuiderValue,
  {
    plan,
    setting: given,
    hooked,
    models,
  }: {
    plan: SamplingPlan
    setting: ContentSetting & { model: SampledModel }
    hooked: HookedNetworks
    models: NodeContext['models']
  },
): Denoiser {
  const { predict, prediction, sampling, guides } = given.model
  const { shape } = given.source
  const extras = makeExtras(guider, given)
  const inside = [...(given.model.inside ?? []), ...extras.flatMap((extra) => extra.inside ?? [])]
  const open = createOpener(inside, models)
  const setting: ContentSetting = {
    ...given,
    networkOf: ({ hooks = [], boxes }) => {
      if (hooks.length === 0 && boxes === undefined) return undefined
      const at = hooks.length === 0 ? async () => predict : hooked.of(hooks)
      return async (sigma) => open(await at(sigma), boxes)
    },
  }
  const entries = Object.entries(guider.conditionings).map(
    ([role, value]) => [role, toScoped(value, role, setting)] as const,
  )
  const patches = guides?.map((make) => make())
  return createComposedDenoiser({
    compose: createComposer({ network: open(predict), prediction, plan }),
    lists: resolveLists(Object.fromEntries(entries), { shape, model: sampling }),
    rule: guider.rule,
    needsUnconditional: plan.needsUnconditional,
    guideAt: patches && ((latent, sigma) => createGuide(patches, latent, sigma)),
    extras,
  })
}

/** Opens networks with what is changed inside them and the boxes they are shown; the same again for the same. */
function createOpener(
  inside: Parameters<typeof patchNetwork>[1],
  models: NodeContext['models'],
): (network: PredictionNetwork, boxes?: BoxLink) => PredictionNetwork {
  const opened = new Map<PredictionNetwork, Map<BoxLink | undefined, PredictionNetwork>>()
  return (network, boxes) => {
    const own = opened.get(network) ?? new Map<BoxLink | undefined, PredictionNetwork>()
    opened.set(network, own)
    const known = own.get(boxes)
    if (known !== undefined) return known
    const made = patchNetwork(boxes === undefined ? network : showBoxesTo(network, boxes, models), inside)
    own.set(boxes, made)
    return made
  }
}

/** Guidance by further predictions: what stands in the usual one's place first. */
function makeExtras(
  { model: { perpendicular }, rule }: GuiderValue,
  setting: ContentSetting & { model: SampledModel },
): GuidanceExtra[] {
  const made = setting.model.extras?.map((make) => make()) ?? []
  if (perpendicular === undefined) return made
  const scoped = { empty: toScoped(perpendicular.empty, 'empty', setting) }
  const where = { shape: setting.source.shape, model: setting.model.sampling }
  const { empty = [] } = resolveLists(scoped, where)
  const { negativeScale } = perpendicular
  return [guidePerpendicularlyFrom(empty, { scale: rule.scale ?? 1, negativeScale }), ...made]
}

function toScoped(conditioning: ConditioningValue, role: string, setting: ContentSetting): ScopedEntry[] {
  return conditioning.map((entry) => ({ content: toContent(entry, role, setting), scope: entry }))
}

/** What a noise mask leaves alone: the source, noised in the network's input with the start noise. */
function keepOutside(
  denoise: Denoiser,
  {
    request,
    model,
    mask,
    source,
    startNoise,
  }: {
    readonly request: CustomSampling
    readonly model: SampledModel
    readonly mask: Tensor | undefined
    readonly source: Tensor
    readonly startNoise: Tensor
  },
): Denoiser {
  if (mask === undefined) return denoise
  // ComfyUI's DDIM takes noise of the next seed.
  const isNextSeed = request.sampler.sampler === 'ddim'
  const noise = isNextSeed ? prepareBatchNoise(request.noise.seed + 1n, source.shape) : startNoise
  return createKeepingDenoiser(denoise, {
    mask,
    maskAt:
      model.maskThresholds === undefined
        ? undefined
        : createThresholdMask(mask, {
            sigmas: request.sigmas,
            model: model.sampling,
            share: model.maskThresholds,
          }),
    source,
    noisedAt: (sigma) => combine([pictureShare(model.sampling, sigma), source], [sigma, noise]),
  })
}

async function tellStep(
  report: StepReport,
  totalSteps: number,
  { context, previewer }: { context: NodeContext; previewer: Previewer },
): Promise<void> {
  // Samplers that choose their steps themselves are shown against the steps asked for, and no further.
  const step = Math.min(report.step, totalSteps)
  // The picture comes before the step it shows, as ComfyUI sends them to clients that ask for metadata.
  const value = await previewer.show(report.denoised, { step, nodeId: context.nodeId })
  if (value !== undefined) context.job.tell({ $case: 'previewReady', value })
  context.advance(step, totalSteps)
  await new Promise((resolve) => setImmediate(resolve))
}
