/** Selectable scripts of A1111 1.10, lower-case. */
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

/** Titles that `script_name` may name. */
export const SELECTABLE_SCRIPTS: ReadonlySet<string> = new Set([...TXT2IMG_SELECTABLE, ...IMG2IMG_SELECTABLE])

/** Titles that `alwayson_scripts` may name: A1111's, the ControlNet extension's, and LoRA as some clients send it. */
export const ALWAYS_ON_SCRIPTS: ReadonlySet<string> = new Set([
  ...['extra options', 'hypertile', 'soft inpainting', 'comments', 'lora', 'control_canny'],
  ...CONTROL_NET,
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
