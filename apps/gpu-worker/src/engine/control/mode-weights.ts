/** Which half of the guidance a control acts on more, in A1111's words. */
export type ControlMode = 'balanced' | 'prompt' | 'control'

/** Factor on what a control adds at a place of the UNet, of so many input blocks. */
export type PlaceWeight = (place: string, inputBlocks: number) => number

/** Each input block's residual is this much stronger than the one before it, where the prompt is more important. */
const DECAY = 0.825
/** Residuals of an SD1 ControlNet, the middle one not counted; the decay is counted from there in every family. */
const SD1_BLOCKS = 12

/** Soft weights of an adapter's four features, first to last. */
const FEATURE_WEIGHTS = [0.25, 0.62, 0.825, 1]

/**
 * The number of a place among those of its network, of which `inputBlocks` are not the middle: input blocks of a
 * ControlNet by their index, features of an adapter by their order, the middle last.
 */
function indexOf(place: string, inputBlocks: number): number {
  if (place === 'middle') return inputBlocks
  const [kind, block] = place.split('_')
  if (kind !== 'feature') return Number(block)
  // Features stand behind blocks 2, 5, 8 and 11, in SDXL behind 3, 5, 8 and the middle.
  return Number(block) === 3 ? 0 : Math.floor(Number(block) / 3)
}

/** How many of a network's places are not the middle. */
export function countBlocks(places: readonly string[]): number {
  return places.filter((place) => place !== 'middle').length
}

/** The same factor everywhere. */
export function weighEvenly(weight: number): PlaceWeight {
  return () => weight
}

/**
 * A1111's soft weights (sd-webui-controlnet 1.1): `weight x 0.825^(12 - i)` for input block i; the middle's is that of the
 * place after the last input block. An adapter's four features have weights of their own.
 */
function weighSoftly(weight: number): PlaceWeight {
  return (place, inputBlocks) => {
    const index = indexOf(place, inputBlocks)
    const isAdapter = place.startsWith('feature') || inputBlocks < FEATURE_WEIGHTS.length
    return weight * (isAdapter ? FEATURE_WEIGHTS[index]! : DECAY ** (SD1_BLOCKS - index))
  }
}

/** Weights of one's own in place of all others, input blocks or features first, the middle last; missing ones are 0. */
export function weighBy(weights: readonly number[]): PlaceWeight {
  return (place, inputBlocks) => weights[indexOf(place, inputBlocks)] ?? 0
}

/** Diffusers' guess mode: from a tenth to the whole in even ratios, the middle whole. */
export function weighByGuess(weight: number): PlaceWeight {
  return (place, inputBlocks) => {
    const index = indexOf(place, inputBlocks)
    return weight * 10 ** (-1 + index / inputBlocks)
  }
}

/** The weights of a mode, and whether the unconditional half is controlled too. */
export function weighByMode(
  mode: ControlMode,
  weight: number,
): { weightOf: PlaceWeight; actsOnBoth: boolean } {
  return {
    weightOf: mode === 'balanced' ? weighEvenly(weight) : weighSoftly(weight),
    actsOnBoth: mode !== 'control',
  }
}
