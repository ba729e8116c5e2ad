import type { FieldDefinition } from './field.ts'

const SHARE = { type: 'float', default: 0n, isNullable: false, atLeast: 0, atMost: 1 } as const
const SIZE = { type: 'integer', default: 512n, isNullable: false, atLeast: 1 } as const

const COMMON: readonly FieldDefinition[] = [
  { name: 'resize_mode', type: 'integer', default: 0n, isNullable: false, permitted: [0n, 1n] },
  { name: 'show_extras_results', type: 'boolean', default: true, isNullable: false },
  { name: 'gfpgan_visibility', ...SHARE },
  { name: 'codeformer_visibility', ...SHARE },
  { name: 'codeformer_weight', ...SHARE },
  { name: 'upscaling_resize', type: 'float', default: 2n, isNullable: false, above: 0 },
  { name: 'upscaling_resize_w', ...SIZE },
  { name: 'upscaling_resize_h', ...SIZE },
  { name: 'upscaling_crop', type: 'boolean', default: true, isNullable: false },
  { name: 'upscaler_1', type: 'text', default: 'None', isNullable: false },
  { name: 'upscaler_2', type: 'text', default: 'None', isNullable: false },
  { name: 'extras_upscaler_2_visibility', ...SHARE },
  { name: 'upscale_first', type: 'boolean', default: false, isNullable: false },
]

/** Fields of POST /sdapi/v1/extra-single-image in A1111's order. */
export const EXTRAS_SINGLE_FIELDS: readonly FieldDefinition[] = [
  ...COMMON,
  { name: 'image', type: 'text', default: '', isNullable: false },
]

/** Fields of POST /sdapi/v1/extra-batch-images in A1111's order. */
export const EXTRAS_BATCH_FIELDS: readonly FieldDefinition[] = [
  ...COMMON,
  {
    name: 'imageList',
    type: 'list',
    isRequired: true,
    isNullable: false,
    items: [
      { name: 'data', type: 'text', isRequired: true, isNullable: false },
      { name: 'name', type: 'text', isRequired: true, isNullable: false },
    ],
  },
]

/** Fields of POST /sdapi/v1/interrogate. */
export const INTERROGATE_FIELDS: readonly FieldDefinition[] = [
  { name: 'image', type: 'text', default: '', isNullable: false },
  { name: 'model', type: 'text', default: 'clip', isNullable: false },
]

/** Fields of POST /controlnet/detect. */
export const DETECT_FIELDS: readonly FieldDefinition[] = [
  { name: 'controlnet_module', type: 'text', default: 'none', isNullable: false },
  { name: 'controlnet_input_images', type: 'texts', default: [], isNullable: false },
  // What `webuiapi` sends, after an earlier version of the extension.
  { name: 'controlnet_images', type: 'texts', default: [], isNullable: false, isAlias: true },
  { name: 'controlnet_processor_res', type: 'integer', default: -1n, isNullable: false },
  { name: 'controlnet_threshold_a', type: 'float', default: -1n, isNullable: false },
  { name: 'controlnet_threshold_b', type: 'float', default: -1n, isNullable: false },
  { name: 'controlnet_masks', type: 'texts', default: [], isNullable: false },
  { name: 'low_vram', type: 'boolean', default: false, isNullable: false },
]
