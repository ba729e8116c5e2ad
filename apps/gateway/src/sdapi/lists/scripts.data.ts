/** Selectable scripts of A1111 1.10 by route, lower-case, in the order of GET /sdapi/v1/scripts. */
const TXT2IMG_SELECTABLE = ['prompt matrix', 'prompts from file or textbox', 'x/y/z plot']
const IMG2IMG_SELECTABLE = [
  'img2img alternative test',
  'loopback',
  'outpainting mk2',
  "poor man's outpainting",
  'prompt matrix',
  'prompts from file or textbox',
  'sd upscale',
  'x/y/z plot',
]
const CONTROL_NET = ['controlnet', 'controlnet m2m']
const BUILT_IN = ['refiner', 'sampler', 'seed']

/** Titles that `script_name` may name. ControlNet's video script is one of them, though GET lists it further behind. */
export const SELECTABLE_SCRIPTS: Readonly<Record<'txt2img' | 'img2img', ReadonlySet<string>>> = {
  txt2img: new Set([...TXT2IMG_SELECTABLE, 'controlnet m2m']),
  img2img: new Set([...IMG2IMG_SELECTABLE, 'controlnet m2m']),
}

/**
 * Titles that `alwayson_scripts` may name: those listed, "comments", which has no page of its own, and "lora", which
 * the original does not know but programs written for it send.
 */
export const ALWAYS_ON_SCRIPTS: ReadonlySet<string> = new Set([
  ...['extra options', 'hypertile', 'soft inpainting', 'comments', 'controlnet', 'lora'],
  ...BUILT_IN,
])

/** The answer of GET /sdapi/v1/scripts. */
export const SCRIPT_LISTS: Readonly<Record<'txt2img' | 'img2img', readonly string[]>> = {
  txt2img: [...TXT2IMG_SELECTABLE, 'extra options', 'Hypertile', ...CONTROL_NET, ...BUILT_IN],
  img2img: [
    ...IMG2IMG_SELECTABLE,
    'extra options',
    'Hypertile',
    'soft inpainting',
    ...CONTROL_NET,
    ...BUILT_IN,
  ],
}
