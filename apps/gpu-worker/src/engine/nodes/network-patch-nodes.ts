import { ModelKind } from '@atelier/proto'
import { guideAwayFromPerturbed, guideBySelfAttention } from '../denoise/composition/guide-by-attention.ts'
import { createDownscale } from '../network-patches/downscale.ts'
import { createFreeU } from '../network-patches/free-u.ts'
import { createHypernetwork } from '../network-patches/hypernetwork.ts'
import { createHyperTile } from '../network-patches/hyper-tile.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'
import { createTokenMerging } from '../network-patches/token-merging.ts'
import type { ConditioningValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { attentionMass } from '../networks/patches/attention-mass.ts'
import { PERTURBED_INPUT, perturbedAttention } from '../networks/patches/perturbed-attention.ts'
import type { FeatureResizing } from '../networks/patches/resize-features.ts'
import { readHypernetwork, type Hypernetwork } from '../networks/patches/hypernetwork.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { patchModel } from '../models/patched-model.ts'
import { findFile } from './find-file.ts'
import { addPatches } from './model-sampling-nodes.ts'
import type { NodeTable } from './node-table.ts'
import { useModel } from './use-model.ts'

const PERTURBED = { network: perturbedAttention, input: PERTURBED_INPUT }

/** Changes inside the denoising network, and guidance that looks inside it. */
export const networkPatchNodes: NodeTable = {
  FreeU: async (inputs) => addInside(inputs, (id) => createFreeU(readFreeU(inputs), 1, id)),
  FreeU_V2: async (inputs) => addInside(inputs, (id) => createFreeU(readFreeU(inputs), 2, id)),
  HyperTile: async (inputs) => {
    const settings = {
      tileSize: inputs.integer('tile_size'),
      maxDepth: inputs.integer('max_depth'),
      scalesDepth: inputs.flag('scale_depth'),
    }
    return addInside(inputs, (id) => createHyperTile(settings, id))
  },
  TomePatchModel: async (inputs) => {
    const ratio = inputs.number('ratio')
    return addInside(inputs, (id) => createTokenMerging(ratio, 'queries', id))
  },
  PatchModelAddDownscale: async (inputs, context) => {
    const use = await useModel(inputs.value<ModelValue>('model'), context)
    const { sampling } = patchModel(use.value.model, inputs.value<ModelValue>('model').patches)
    use.done()
    const settings = {
      block: inputs.integer('block_number'),
      isAfterSkip: inputs.flag('downscale_after_skip'),
      down: inputs.text('downscale_method') as FeatureResizing,
      up: inputs.text('upscale_method') as FeatureResizing,
    }
    const [from, to] = ['start_percent', 'end_percent'].map((name) => sampling.atPercent(inputs.number(name)))
    const window = { factor: inputs.number('downscale_factor'), from: from!, to: to! }
    return addInside(inputs, (id) => createDownscale(settings, window, id))
  },
  PerturbedAttentionGuidance: async (inputs) => {
    const scale = inputs.number('scale')
    return { outputs: [addPatches(inputs, { extras: [() => guideAwayFromPerturbed(PERTURBED, scale)] })] }
  },
  SelfAttentionGuidance: async (inputs) => {
    const settings = { scale: inputs.number('scale'), blurSigma: inputs.number('blur_sigma') }
    return {
      outputs: [addPatches(inputs, { extras: [() => guideBySelfAttention(attentionMass, settings)] })],
    }
  },
  HypernetworkLoader: async (inputs, context) => {
    const network = openHypernetwork(inputs.text('hypernetwork_name'), context)
    // A file of an unknown kind changes nothing, as in the original.
    if (network === undefined) return { outputs: [inputs.value<ModelValue>('model')] }
    const strength = inputs.number('strength')
    return addInside(inputs, (id) => createHypernetwork(network, strength, id))
  },
  PerpNeg: async (inputs) => {
    const empty = inputs.value<ConditioningValue>('empty_conditioning')
    const perpendicular = { empty, negativeScale: inputs.number('neg_scale') }
    return { outputs: [{ ...inputs.value<ModelValue>('model'), perpendicular } satisfies ModelValue] }
  },
}

function openHypernetwork(name: string, { models, remark }: NodeContext): Hypernetwork | undefined {
  const { path } = findFile(models, { kind: ModelKind.MODEL_KIND_HYPERNETWORK, name, what: 'hypernetwork' })
  const read = readHypernetwork(readWeightFile(path), 'comfy')
  if (!('fault' in read)) return read
  remark(`the hypernetwork ${name} does not act: ${read.fault}`)
  return undefined
}

function addInside(inputs: NodeInputs, make: (id: number) => InsidePatch): { outputs: [ModelValue] } {
  // Inputs of several patches of one kind need names of their own.
  const id = inputs.value<ModelValue>('model').patches?.inside?.length ?? 0
  return { outputs: [addPatches(inputs, { inside: [make(id)] })] }
}

function readFreeU(inputs: NodeInputs): [number, number, number, number] {
  return ['b1', 'b2', 's1', 's2'].map((name) => inputs.number(name)) as [number, number, number, number]
}
