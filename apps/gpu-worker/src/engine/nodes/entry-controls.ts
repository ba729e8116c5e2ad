import type { ControlNetwork } from '../control/control-network.ts'
import { weighEvenly } from '../control/mode-weights.ts'
import type { ControlUnit } from '../control/control-unit.ts'
import { createRowControls } from '../control/row-controls.ts'
import type { RowControls } from '../denoise/guidance.ts'
import type { ModelSampling } from '../denoise/model-sampling.ts'
import type { Use } from '../models/residency.ts'
import type { ConditioningEntry, ControlLink, NodeContext } from '../node-graph/node-context.ts'
import type { GuiderValue } from '../node-graph/sampling-values.ts'
import { upscale } from '../resample/common-upscale.ts'
import { toChannelsFirst } from '../resample/resize-tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { giveToOthers } from './give-to-others.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8

/** The ControlNets of a guider's conditionings, loaded for as long as they are used. */
export interface OpenedControls {
  /** The conditionings, ControlNets meant for all halves given to those without. */
  readonly conditionings: GuiderValue['conditionings']
  readonly of: (entry: ConditioningEntry) => RowControls | undefined
  /** Lets the networks go. */
  done(): void
}

/** Loads the ControlNets that a guider's entries have on them, by ComfyUI's rules. */
export async function openEntryControls(
  { conditionings: given, model }: GuiderValue,
  sampling: ModelSampling,
  { models }: Pick<NodeContext, 'models'>,
): Promise<OpenedControls> {
  const conditionings = shareControls(given)
  const uses: Use<ControlNetwork>[] = []
  const done = () => uses.forEach((use) => use.done())
  const opened = new Map<ControlLink, RowControls>()
  try {
    for (const { control } of Object.values(conditionings).flat()) {
      if (control === undefined || opened.has(control)) continue
      const units: ControlUnit[] = []
      for (const link of listLinks(control)) {
        const use = await models.useControl(link.network.control, link.network.base ?? model.checkpoint)
        uses.push(use)
        units.push(toUnit(link, use.value, sampling))
      }
      opened.set(control, createRowControls(units))
    }
  } catch (error) {
    done()
    throw error
  }
  return { conditionings, of: ({ control }) => control && opened.get(control), done }
}

/** A link and those it was put on top of, the earliest first. */
function listLinks(link: ControlLink): ControlLink[] {
  return [...(link.previous === undefined ? [] : listLinks(link.previous)), link]
}

function toUnit(link: ControlLink, network: ControlNetwork, sampling: ModelSampling): ControlUnit {
  const [first, last] = [link.startPercent, link.endPercent].map((share) => sampling.atPercent(share))
  return {
    network,
    hintFor: createHints(toChannelsFirst(link.image), network.hintMultiple),
    weightOf: weighEvenly(link.strength),
    isActive: ({ sigma }) => sigma <= first! && sigma >= last!,
    unionType: link.network.unionType,
  }
}

/** The picture cut and brought to the size of a latent, or the next one that the network can take; made once a size. */
function createHints(image: Tensor, multiple: number): (latent: Tensor) => Tensor {
  const made = new Map<string, Tensor>()
  return ({ shape }) => {
    const [height, width] = shape
      .slice(2)
      .map((side) => Math.ceil((side * LATENT_PIXELS) / multiple) * multiple) as [number, number]
    const key = `${width}x${height}`
    const hint =
      made.get(key) ?? upscale(image, { width, height }, { method: 'nearest-exact', crop: 'center' })
    made.set(key, hint)
    return hint
  }
}

/** ControlNets of positive entries that are for all halves go to the other roles too. */
function shareControls(conditionings: GuiderValue['conditionings']): GuiderValue['conditionings'] {
  const shared = (conditionings['positive'] ?? []).flatMap(({ control, isControlForAll, area }) =>
    isControlForAll === true && control !== undefined && area === undefined ? [control] : [],
  )
  return giveToOthers(conditionings, 'control', shared)
}
