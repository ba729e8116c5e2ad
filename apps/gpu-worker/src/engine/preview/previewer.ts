import { PreviewMethod, type PreviewReady, type PreviewSettings } from '@atelier/proto'
import { sliceRows } from '../denoise/combine.ts'
import type { LoadedModel } from '../models/loaded-model.ts'
import type { ModelStore } from '../models/model-store.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cheapColoursOf, colourLatent, comfyColoursOf } from './latent-colours.ts'
import { layOut } from './lay-out.ts'
import { encodePreview, wantsPreview } from './make-preview.ts'
import type { PreviewKind } from './find-preview-file.ts'

/** Shows what a sampling has come to. */
export interface Previewer {
  /** The preview of a denoised latent [batch, 4, h, w] in sampling scale, or undefined when none is wanted at this step. */
  show(denoised: Tensor, at: { step: number; nodeId: string }): Promise<PreviewReady | undefined>
}

/** What previews are made with. */
export interface PreviewDeps {
  readonly models: Pick<ModelStore, 'usePreviewNetwork'>
  readonly model: Pick<LoadedModel, 'family' | 'latents'>
  /** The whole autoencoder, from sampling scale to pixels -1 to 1, where the job has one at hand. */
  readonly decodeWhole?: (latent: Tensor) => Promise<Tensor>
}

/**
 * Makes what shows the first picture of a batch, or all of them in a grid: by a network where one is asked for and its file is there, otherwise by a
 * linear map of the latent's channels; so too where a network fails: a preview ends no job, as in A1111.
 */
export function createPreviewer(settings: PreviewSettings | undefined, deps: PreviewDeps): Previewer {
  return {
    async show(denoised, at) {
      if (!wantsPreview(settings, at.step)) return undefined
      const count = settings.gridRows > 0 ? denoised.shape[0]! : 1
      const drawAll = async (method: PreviewMethod): Promise<Tensor[]> => {
        const pictures: Tensor[] = []
        for (let row = 0; row < count; row += 1)
          pictures.push(await toPicture(sliceRows(denoised, row, row + 1), method, deps))
        return pictures
      }
      // All of them anew: the pictures of a grid have one size.
      const pictures = await drawAll(settings.method).catch(() => drawAll(coloursInsteadOf(settings.method)))
      return encodePreview(layOut(pictures, settings), settings, at)
    },
  }
}

/** The linear map that stands in for a network. */
function coloursInsteadOf(method: PreviewMethod): PreviewMethod {
  const { PREVIEW_METHOD_TINY, PREVIEW_METHOD_LATENT_TO_RGB, PREVIEW_METHOD_APPROX_CHEAP } = PreviewMethod
  return method === PREVIEW_METHOD_TINY ? PREVIEW_METHOD_LATENT_TO_RGB : PREVIEW_METHOD_APPROX_CHEAP
}

async function toPicture(latent: Tensor, method: PreviewMethod, deps: PreviewDeps): Promise<Tensor> {
  const { family, latents } = deps.model
  switch (method) {
    case PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB:
      return colourLatent(latent, comfyColoursOf(family, latents))
    case PreviewMethod.PREVIEW_METHOD_TINY:
      return (await decodeWith('tiny', latent, deps)) ?? colourLatent(latent, comfyColoursOf(family, latents))
    case PreviewMethod.PREVIEW_METHOD_APPROX_NETWORK:
      return (await decodeWith('approximate', latent, deps)) ?? colourLatent(latent, cheapColoursOf(family))
    case PreviewMethod.PREVIEW_METHOD_FULL:
      return deps.decodeWhole?.(latent) ?? colourLatent(latent, cheapColoursOf(family))
    default:
      return colourLatent(latent, cheapColoursOf(family))
  }
}

/** Undefined when the network's file is not there. */
async function decodeWith(
  kind: PreviewKind,
  latent: Tensor,
  { models, model }: PreviewDeps,
): Promise<Tensor | undefined> {
  const use = await models.usePreviewNetwork(kind, model.family)
  if (use === undefined) return undefined
  try {
    return await use.value.decode(latent)
  } finally {
    use.done()
  }
}
