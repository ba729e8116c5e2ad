import { toPythonString } from '@atelier/catalog/exact-json'
import { quoteValue } from './quote.ts'

/** A number as the infotext prints it: a bigint without a point (20), a number always with one (7.0). */
export type InfotextNumber = number | bigint

/** Anything the parameter line can hold; null and undefined leave the key out. */
export type InfotextValue = InfotextNumber | string | boolean | null | undefined

/** What the infotext of one image says. Values that say nothing (listed with each) are left out. */
export interface InfotextFields {
  readonly prompt: string
  readonly negativePrompt: string
  readonly steps: number
  readonly sampler: string
  /** Label; "Automatic" is printed too. */
  readonly scheduleType: string
  readonly guidanceScale: InfotextNumber
  readonly imageGuidanceScale?: InfotextNumber | undefined
  readonly seed: bigint
  readonly faceRestoration?: string | undefined
  /** Requested size, pixels. */
  readonly width: number
  readonly height: number
  readonly modelHash?: string | undefined
  readonly modelName?: string | undefined
  readonly fp8Weight?: string | undefined
  readonly cachesFp16ForLora?: boolean | undefined
  readonly vaeHash?: string | undefined
  readonly vaeName?: string | undefined
  /** Printed where the strength is not 0. */
  readonly variation?: { readonly seed: bigint; readonly strength: InfotextNumber } | undefined
  /** Printed where both sides are above 0. */
  readonly seedResizeFrom?: { readonly width: number; readonly height: number } | undefined
  readonly denoisingStrength?: InfotextValue
  readonly conditionalMaskWeight?: InfotextNumber | undefined
  /** Printed above 1. */
  readonly clipSkip?: number | undefined
  /** Printed where not 0; give it only for samplers that use it. */
  readonly etaNoiseSeedDelta?: number | undefined
  /** Printed where not 0. */
  readonly tokenMergingRatio?: InfotextNumber | undefined
  /** Printed where not 0. */
  readonly tokenMergingRatioHires?: InfotextNumber | undefined
  readonly initImageHash?: string | undefined
  /** Printed where not "GPU". */
  readonly randomSource?: string | undefined
  readonly tiling?: boolean | undefined
  /** Further keys in the order in which they were set; one of the keys above takes its place instead. */
  readonly extra?: ReadonlyMap<string, InfotextValue> | undefined
  readonly version?: string | undefined
  readonly user?: string | undefined
}

function isZero(value: InfotextNumber | undefined): boolean {
  return value === undefined || Number(value) === 0
}

/** The keys of the parameter line in A1111's order, before the extra ones. */
function listParameters(fields: InfotextFields): [string, InfotextValue][] {
  const { variation, seedResizeFrom } = fields
  const variates = variation !== undefined && !isZero(variation.strength)
  const resizes = seedResizeFrom !== undefined && seedResizeFrom.width > 0 && seedResizeFrom.height > 0
  return [
    ['Steps', BigInt(fields.steps)],
    ['Sampler', fields.sampler],
    ['Schedule type', fields.scheduleType],
    ['CFG scale', fields.guidanceScale],
    ['Image CFG scale', fields.imageGuidanceScale],
    ['Seed', fields.seed],
    ['Face restoration', fields.faceRestoration],
    ['Size', `${fields.width}x${fields.height}`],
    ['Model hash', fields.modelHash],
    ['Model', fields.modelName],
    ['FP8 weight', fields.fp8Weight],
    ['Cache FP16 weight for LoRA', fields.cachesFp16ForLora],
    ['VAE hash', fields.vaeHash],
    ['VAE', fields.vaeName],
    ['Variation seed', variates ? variation.seed : null],
    ['Variation seed strength', variates ? variation.strength : null],
    ['Seed resize from', resizes ? `${seedResizeFrom.width}x${seedResizeFrom.height}` : null],
    ['Denoising strength', fields.denoisingStrength],
    ['Conditional mask weight', fields.conditionalMaskWeight],
    ['Clip skip', (fields.clipSkip ?? 1) > 1 ? BigInt(fields.clipSkip ?? 1) : null],
    ['ENSD', isZero(fields.etaNoiseSeedDelta) ? null : BigInt(fields.etaNoiseSeedDelta ?? 0)],
    ['Token merging ratio', isZero(fields.tokenMergingRatio) ? null : fields.tokenMergingRatio],
    ['Token merging ratio hr', isZero(fields.tokenMergingRatioHires) ? null : fields.tokenMergingRatioHires],
    ['Init image hash', fields.initImageHash],
    ['RNG', fields.randomSource === 'GPU' ? null : fields.randomSource],
    ['Tiling', fields.tiling === true ? true : null],
  ]
}

/** One entry of the parameter line; a value that says what its key says is left out. */
export function formatParameter(key: string, value: NonNullable<InfotextValue>): string {
  const text = toPythonString(value)
  return text === key ? key : `${key}: ${quoteValue(text)}`
}

/**
 * The text A1111 stores with an image: prompt, negative prompt (where there is one), and a line of parameters. White space
 * at the ends of the whole is trimmed.
 */
export function createInfotext(fields: InfotextFields): string {
  const parameters = new Map(listParameters(fields))
  for (const [key, value] of fields.extra ?? []) parameters.set(key, value)
  parameters.set('Version', fields.version)
  parameters.set('User', fields.user)
  const line = [...parameters]
    .flatMap(([key, value]) => {
      if (value === null || value === undefined) return []
      return [formatParameter(key, value)]
    })
    .join(', ')
  const negative = fields.negativePrompt === '' ? '' : `\nNegative prompt: ${fields.negativePrompt}`
  return `${fields.prompt}${negative}\n${line}`.trim()
}
