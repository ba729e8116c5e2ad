/** Which half of the guidance a control acts on more, in A1111's words. */
export type ControlMode = 'balanced' | 'prompt' | 'control'

/** Factor on what a control adds at a place of the UNet, of so many input blocks. */
export type PlaceWeight = (place: string, inputBlocks: number) => number

/** Each input block's residual is this much stronger than the one before it, where the prompt is more important. */
const DECAY = 0.825
/** Residuals of an SD1 ControlNet, the middle one not counted; the decay is counted from there in every family. */
const SD1_BLOCKS = 12

/** The same factor everywhere. */
export function weighEvenly(weight: number): PlaceWeight {
  return () => weight
}

/**
 * A1111's soft weights (sd-webui-controlnet 1.1): `weight x 0.825^(12 - i)` for input block i; the middle's is that of the
 * place after the last input block. A list of one's own, input blocks first, then the middle, replaces them.
 */
export function weighSoftly(weight: number): PlaceWeight {
  return (place, inputBlocks) => {
    const index = place === 'middle' ? inputBlocks : Number(place.split('_')[1])
    return weight * DECAY ** (SD1_BLOCKS - index)
  }
}

/** Weights of one's own, one for each input block and the middle; missing ones are 0. */
export function weighBy(weights: readonly number[], weight: number): PlaceWeight {
  return (place, inputBlocks) =>
    weight * (weights[place === 'middle' ? inputBlocks : Number(place.split('_')[1])] ?? 0)
}

/** Diffusers' guess mode: from a tenth to the whole in even ratios, the middle whole. */
export function weighByGuess(weight: number): PlaceWeight {
  return (place, inputBlocks) => {
    const index = place === 'middle' ? inputBlocks : Number(place.split('_')[1])
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
