import { ModelKind, type GenerationJob, type ModelRef } from '@atelier/proto'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { pythonException } from '../errors.ts'
import type { GenerationPlan } from './generation-plan.ts'
import { listUsable } from '../lists/list-usable.ts'
import { optionText } from '../options/options-store.ts'
import type { Parameter } from '../parameters/parameter.ts'

type Half = 'encoder' | 'decoder'

const OPTIONS: Readonly<Record<Half, string>> = {
  encoder: 'sd_vae_encode_method',
  decoder: 'sd_vae_decode_method',
}

/** The tiny autoencoder (TAESD) that a plan's options put in place of the whole one, half by half. */
export function toTinyAutoencoder(
  plan: GenerationPlan,
  models: ModelIndex,
): Pick<GenerationJob, 'tinyEncoder' | 'tinyDecoder'> {
  return {
    tinyEncoder: findHalf(plan, 'encoder', models),
    tinyDecoder: findHalf(plan, 'decoder', models),
  }
}

/** Throws as A1111 fails where the file is not there and cannot be fetched. */
function findHalf(plan: GenerationPlan, half: Half, models: ModelIndex): ModelRef | undefined {
  if (!usesTiny(plan, half)) return undefined
  const name = `${plan.checkpoint.family.startsWith('sdxl') ? 'taesdxl' : 'taesd'}_${half}`
  const file = listUsable(models, ModelKind.MODEL_KIND_TINY_VAE).find((one) => one.name.startsWith(name))
  if (file !== undefined) return toModelRef(file)
  if (half === 'encoder' && !encodesPictures(plan)) return undefined
  throw pythonException('FileNotFoundError', `TAESD model not found: there is no ${name} in VAE-taesd`)
}

function usesTiny({ options }: Pick<GenerationPlan, 'options'>, half: Half): boolean {
  return optionText(options, OPTIONS[half]) === 'TAESD'
}

/** Latent modes of the second pass, which encode nothing, begin so. */
const LATENT = 'Latent'

function encodesPictures({ isImageToImage, request }: GenerationPlan): boolean {
  if (isImageToImage) return true
  return request.flag('enable_hr') && (request.text('hr_upscaler') ?? LATENT).startsWith(LATENT) === false
}

/** What a picture that the tiny autoencoder encoded adds to its infotext. */
export function listTinyEncoder(plan: GenerationPlan): Parameter[] {
  return usesTiny(plan, 'encoder') && encodesPictures(plan) ? [{ key: 'VAE Encoder', value: 'TAESD' }] : []
}

/** What one that it decodes adds. A1111 decodes what a second pass made within that pass, and does not tell it there. */
export function listTinyDecoder(plan: GenerationPlan): Parameter[] {
  const hasSecondPass = !plan.isImageToImage && plan.request.flag('enable_hr')
  return usesTiny(plan, 'decoder') && !hasSecondPass ? [{ key: 'VAE Decoder', value: 'TAESD' }] : []
}
