import type { Settings } from './settings.ts'

/** A picture the form holds, as a data URL. */
export type DataUrl = string

/** What goes out with settings. */
export interface RequestPictures {
  /** What is drawn over, or enlarged. */
  readonly source?: DataUrl | undefined
  /** White where it is drawn anew; absent: everywhere. */
  readonly mask?: DataUrl | undefined
}

/** A request for pictures. */
export interface PictureRequest {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Sampler steps between two previews. */
const PREVIEW_STEPS = 2
/** Side of pictures whose checkpoint does not tell its size, pixels. */
const USUAL_SIDE = 512

/** The request that settings stand for. `size` is the checkpoint's own, for settings that leave it open. */
export function toRequest(
  settings: Settings,
  pictures: RequestPictures,
  size: { readonly width: number; readonly height: number } = { width: USUAL_SIDE, height: USUAL_SIDE },
): PictureRequest {
  if (settings.mode === 'upscale') return toUpscaleRequest(settings, pictures)
  const sized = settings.width > 0 && settings.height > 0 ? settings : size
  const body = { ...toCommonBody(settings), width: sized.width, height: sized.height }
  return settings.mode === 'text'
    ? { path: 'sdapi/v1/txt2img', body: { ...body, ...toHiresBody(settings) } }
    : { path: 'sdapi/v1/img2img', body: { ...body, ...toSourceBody(settings, pictures) } }
}

function toCommonBody(settings: Settings): Record<string, unknown> {
  return {
    prompt: settings.prompt,
    negative_prompt: settings.negativePrompt,
    sampler_name: settings.sampler,
    scheduler: settings.schedule,
    steps: settings.steps,
    cfg_scale: settings.guidanceScale,
    seed: settings.seed,
    batch_size: settings.batchSize,
    n_iter: settings.batchCount,
    override_settings: {
      CLIP_stop_at_last_layers: settings.clipSkip,
      show_progress_every_n_steps: PREVIEW_STEPS,
      ...(settings.checkpoint !== '' && { sd_model_checkpoint: settings.checkpoint }),
      ...(settings.vae !== '' && { sd_vae: settings.vae }),
    },
    override_settings_restore_afterwards: true,
  }
}

function toHiresBody(settings: Settings): Record<string, unknown> {
  if (!settings.hires) return {}
  return {
    enable_hr: true,
    hr_scale: settings.hiresScale,
    hr_upscaler: settings.hiresUpscaler,
    hr_second_pass_steps: settings.hiresSteps,
    denoising_strength: settings.hiresStrength,
  }
}

function toSourceBody(settings: Settings, { source, mask }: RequestPictures): Record<string, unknown> {
  return {
    init_images: source === undefined ? [] : [source],
    denoising_strength: settings.strength,
    resize_mode: settings.resizeMode,
    ...(mask !== undefined && {
      mask,
      mask_blur: settings.maskBlur,
      inpainting_fill: settings.maskedContent,
      inpaint_full_res: settings.onlyMasked,
      inpaint_full_res_padding: settings.maskPadding,
    }),
  }
}

function toUpscaleRequest(settings: Settings, { source }: RequestPictures): PictureRequest {
  return {
    path: 'sdapi/v1/extra-single-image',
    body: {
      image: source ?? '',
      resize_mode: 0,
      upscaling_resize: settings.upscaleFactor,
      upscaler_1: settings.upscaler,
    },
  }
}

/** Which part of the form a field of a request comes from, for faults the server finds. */
export const FIELD_OF_SETTING: Readonly<Record<string, keyof Settings>> = {
  prompt: 'prompt',
  negative_prompt: 'negativePrompt',
  sampler_name: 'sampler',
  scheduler: 'schedule',
  steps: 'steps',
  cfg_scale: 'guidanceScale',
  seed: 'seed',
  batch_size: 'batchSize',
  n_iter: 'batchCount',
  width: 'width',
  height: 'height',
  denoising_strength: 'strength',
  hr_scale: 'hiresScale',
  hr_upscaler: 'hiresUpscaler',
  hr_second_pass_steps: 'hiresSteps',
  mask_blur: 'maskBlur',
  inpaint_full_res_padding: 'maskPadding',
  upscaling_resize: 'upscaleFactor',
  upscaler_1: 'upscaler',
}
