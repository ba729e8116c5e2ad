import { ImageFormat, PreviewMethod, type Job, type PreviewSettings } from '@atelier/proto'
import { gridColour, layOutGrid } from '../answer/make-grid.ts'
import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'
import { findFormat } from './to-output.ts'

/** Sampler steps between two live previews at most; clients poll, so older ones would never be seen. */
const DEFAULT_PREVIEW_STEPS = 10
const MAX_PREVIEW_STEPS = 1000

/** Decoders of previews, by the names of A1111's option. */
const PREVIEW_METHODS: Readonly<Record<string, PreviewMethod>> = {
  Full: PreviewMethod.PREVIEW_METHOD_FULL,
  'Approx NN': PreviewMethod.PREVIEW_METHOD_APPROX_NETWORK,
  'Approx cheap': PreviewMethod.PREVIEW_METHOD_APPROX_CHEAP,
  TAESD: PreviewMethod.PREVIEW_METHOD_TINY,
}

/**
 * Live previews as the options want them: how they are decoded, how often, in which format, and of which images of a
 * batch: a grid of all, or the first.
 */
export function toPreview(options: Options, batchSize: number): Job['preview'] {
  const isOn = optionFlag(options, 'live_previews_enable')
  const every = optionNumber(options, 'show_progress_every_n_steps', DEFAULT_PREVIEW_STEPS)
  const format = findFormat(optionText(options, 'live_previews_image_format'))
  return {
    method:
      PREVIEW_METHODS[optionText(options, 'show_progress_type')] ??
      PreviewMethod.PREVIEW_METHOD_APPROX_NETWORK,
    everySteps: isOn && every > 0 ? Math.min(Math.trunc(every), MAX_PREVIEW_STEPS) : 0,
    longestSide: 0,
    ...toGrid(options, batchSize),
    format: format ?? ImageFormat.IMAGE_FORMAT_PNG,
  }
}

function toGrid(options: Options, batchSize: number): Pick<PreviewSettings, 'gridRows' | 'gridBackground'> {
  const isGrid = optionFlag(options, 'show_progress_grid') && batchSize > 1
  // One row a batch: the original tells its grid of no batch size.
  const [rows] = layOutGrid(batchSize, { options, batchSize: 1 })
  return { gridRows: isGrid ? rows : 0, gridBackground: Number.parseInt(gridColour(options).slice(1), 16) }
}
