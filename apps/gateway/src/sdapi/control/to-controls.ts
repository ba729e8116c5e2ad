import { ControlMode, ControlPasses, ResizeMode, type BlobRef, type ControlUnit } from '@atelier/proto'
import { toModelRef } from '../../models/model-index.ts'
import { optionFlag, optionNumber, type Options } from '../options/options-store.ts'
import type { PlannedUnit } from './plan-controls.ts'
import { toUnionType } from './unit-fields.ts'

/** A unit with its pictures stored. */
export interface StoredUnit {
  readonly unit: PlannedUnit
  readonly image?: BlobRef
  readonly mask?: BlobRef
  readonly region?: BlobRef
}

const MODES: Readonly<Record<string, ControlMode>> = {
  Balanced: ControlMode.CONTROL_MODE_BALANCED,
  'My prompt is more important': ControlMode.CONTROL_MODE_PROMPT,
  'ControlNet is more important': ControlMode.CONTROL_MODE_CONTROL,
}
const PASSES: Readonly<Record<string, ControlPasses>> = {
  Both: ControlPasses.CONTROL_PASSES_UNSPECIFIED,
  'Low res only': ControlPasses.CONTROL_PASSES_FIRST,
  'High res only': ControlPasses.CONTROL_PASSES_SECOND,
}
/** The extension's resize modes by the name it gives them. */
const RESIZE_MODES: Readonly<Record<string, ResizeMode>> = {
  'Just Resize': ResizeMode.RESIZE_MODE_STRETCH,
  'Crop and Resize': ResizeMode.RESIZE_MODE_CROP,
  'Resize and Fill': ResizeMode.RESIZE_MODE_FILL,
}
/** Largest side of the soft edge around what inpainting leaves alone, pixels. */
const MAX_EDGE_BLUR = 64

/** Writes the units of a job. `seed` is what preprocessors that draw lots start from. */
export function toControls(units: readonly StoredUnit[], options: Options, seed: bigint): ControlUnit[] {
  const keepsMaps = !optionFlag(options, 'control_net_no_detectmap')
  const blur = optionNumber(options, 'control_net_inpaint_blur_sigma', 7)
  return units.map(({ unit, image, mask, region }) => {
    const value = (name: string) => unit.values.get(name) ?? null
    const number = (name: string) => Number(value(name))
    const weights = value('advanced_weighting')
    return {
      model: unit.model && toModelRef(unit.model),
      preprocessing: {
        module: unit.preprocessor.name,
        resolution: Math.max(Math.trunc(number('processor_res')), 0),
        thresholdA: number('threshold_a'),
        thresholdB: number('threshold_b'),
        seed: Number(BigInt.asUintN(32, seed)),
        network: unit.files.network && toModelRef(unit.files.network),
        detector: unit.files.detector && toModelRef(unit.files.detector),
      },
      image,
      mask,
      region,
      resizeMode: RESIZE_MODES[String(value('resize_mode'))] ?? ResizeMode.RESIZE_MODE_CROP,
      weight: unit.weight,
      start: number('guidance_start'),
      end: number('guidance_end'),
      mode: MODES[String(value('control_mode'))] ?? ControlMode.CONTROL_MODE_BALANCED,
      passes: PASSES[String(value('hr_option'))] ?? ControlPasses.CONTROL_PASSES_UNSPECIFIED,
      pixelPerfect: value('pixel_perfect') === true,
      keepMap: keepsMaps && value('save_detected_map') === true,
      placeWeights: Array.isArray(weights) ? weights.map(Number) : [],
      unionType: toUnionType(value('union_control_type')),
      // A picture that is referred to is seen whole.
      cropToMask: value('inpaint_crop_input_image') === true && !unit.preprocessor.isModelFree,
      ignoreMask: optionFlag(options, 'controlnet_ignore_noninpaint_mask'),
      edgeBlur: Math.min(Math.max(Math.trunc(blur), 1), MAX_EDGE_BLUR),
    }
  })
}
