import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import { resolveWebuiSampling } from '@atelier/catalog'
import { settleSize } from '../../generation/generation-plan.ts'
import { WEBUI_VERSION } from '../../infotext/write-infotext.ts'
import { optionText } from '../../options/options-store.ts'
import type { ScriptContext } from '../script.ts'

/** Values that the original's object has before anything is drawn. */
const UNSETTLED = -1n

/** The `info` of a plot that has no cells: the request as it came, nothing settled, styles and seeds neither. */
export function describeNothing({ request, options, isImageToImage }: ScriptContext): ExactObject {
  const value = (name: string): ExactValue => request.value(name)
  const { width, height } = settleSize(request, isImageToImage)
  const sampler = resolveWebuiSampling(
    request.text('sampler_name') || request.text('sampler_index'),
    request.text('scheduler'),
  ).sampler.name
  const restores = request.flag('restore_faces')
  const named = (names: readonly string[]) => names.map((name): [string, ExactValue] => [name, value(name)])
  const empty = (names: readonly string[]) => names.map((name): [string, ExactValue] => [name, null])
  return new Map<string, ExactValue>([
    ['prompt', value('prompt')],
    ['all_prompts', [value('prompt')]],
    ['negative_prompt', value('negative_prompt')],
    ['all_negative_prompts', [value('negative_prompt')]],
    ['seed', UNSETTLED],
    ['all_seeds', [UNSETTLED]],
    ['subseed', UNSETTLED],
    ['all_subseeds', [UNSETTLED]],
    ...named(['subseed_strength']),
    ['width', BigInt(width)],
    ['height', BigInt(height)],
    ['sampler_name', sampler],
    ...named(['cfg_scale', 'steps', 'batch_size', 'restore_faces']),
    ['face_restoration_model', restores ? optionText(options, 'face_restoration_model') : null],
    ...empty(['sd_model_name', 'sd_model_hash', 'sd_vae_name', 'sd_vae_hash']),
    ...named(['seed_resize_from_w', 'seed_resize_from_h', 'denoising_strength']),
    ['extra_generation_params', new Map()],
    ['index_of_first_image', 0n],
    ['infotexts', []],
    ['styles', value('styles') ?? []],
    ['job_timestamp', null],
    ['clip_skip', options.get('CLIP_stop_at_last_layers') ?? 1n],
    ['is_using_inpainting_conditioning', false],
    ['version', WEBUI_VERSION],
  ])
}
