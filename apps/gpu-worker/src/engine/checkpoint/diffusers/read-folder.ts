import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError } from '../checkpoint-error.ts'
import { renameTensors, stripPrefix } from '../rename-tensors.ts'
import type { DeclaredFacts, TensorEntry, WeightFile } from '../weight-file.ts'
import { readComponent, readJson } from './component-files.ts'
import { readHeadFacts, readLatentFacts, readPredictionFacts, readSchedulerFacts } from './declared-facts.ts'
import { toLdmUnet, toLdmVae } from './to-ldm.ts'

/** The file that makes a folder a pipeline of Diffusers. */
export const MODEL_INDEX = 'model_index.json'
const UNET_PREFIX = 'model.diffusion_model.'
const VAE_PREFIX = 'first_stage_model.'

/** Where text encoders stand in single files, by which of the two a pipeline has and how its UNet is built. */
const TEXT_PREFIXES = {
  sd1: { text_encoder: 'cond_stage_model.transformer.text_model.' },
  sd2: { text_encoder: 'cond_stage_model.model.' },
  sdxl: {
    text_encoder: 'conditioner.embedders.0.transformer.text_model.',
    text_encoder_2: 'conditioner.embedders.1.model.',
  },
  'sdxl-refiner': { text_encoder_2: 'conditioner.embedders.0.model.' },
} as const

/**
 * Reads a Diffusers pipeline as if it were one file in the original layout: its components' tensors under that
 * layout's names, each where it lies, and what only configurations say as declared facts.
 * @throws CheckpointError when a component is missing, malformed or of a kind we do not know
 */
export function readDiffusersFolder(folder: string, variant?: string): WeightFile {
  const has = listComponents(folder)
  if (!has('unet'))
    throw new CheckpointError('unknown-structure', folder, 'its pipeline has no UNet: no Stable Diffusion')
  const unet = toLdmUnet(readComponent(join(folder, 'unet'), variant))
  const parts = [addPrefix(unet, UNET_PREFIX)]
  if (has('vae')) parts.push(addPrefix(toLdmVae(readComponent(join(folder, 'vae'), variant)), VAE_PREFIX))
  const family = guessFamily(unet, has)
  for (const [name, prefix] of Object.entries(TEXT_PREFIXES[family])) {
    const text = has(name) ? readComponent(join(folder, name), variant) : undefined
    if (text !== undefined) parts.push(addPrefix(stripPrefix(text, 'text_model.'), prefix))
  }
  return {
    path: folder,
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    tensors: new Map(parts.flatMap((part) => [...part.tensors])),
    metadata: {},
    // Diffusers leaves out the layer of OpenCLIP behind the one that SD2 uses.
    declared: { ...declare(folder, has), ...(family === 'sd2' && { hasTextCut: true }) },
  }
}

/** Every file that a folder's tensors lie in. */
export function listParts(file: WeightFile): string[] {
  return [...new Set([...file.tensors.values()].map((entry) => entry.path ?? file.path))]
}

type HasComponent = (name: string) => boolean

function listComponents(folder: string): HasComponent {
  const index = readJson(folder, MODEL_INDEX)
  return (name) => {
    const named = index[name]
    const isNamed = Array.isArray(named) && typeof named[1] === 'string'
    return isNamed && existsSync(join(folder, name))
  }
}

function guessFamily(unet: WeightFile, has: HasComponent): keyof typeof TEXT_PREFIXES {
  if (has('text_encoder_2')) return has('text_encoder') ? 'sdxl' : 'sdxl-refiner'
  const projection = [...unet.tensors].find(([name]) => name.endsWith('.proj_in.weight'))?.[1]
  return projection?.shape.length === 2 ? 'sd2' : 'sd1'
}

function declare(folder: string, has: HasComponent): DeclaredFacts {
  const read = (component: string, name: string) =>
    has(component) && existsSync(join(folder, component, name))
      ? readJson(join(folder, component), name)
      : undefined
  const scheduler = read('scheduler', 'scheduler_config.json')
  const unet = read('unet', 'config.json')
  const vae = read('vae', 'config.json')
  return {
    ...(scheduler && { ...readPredictionFacts(scheduler, folder), ...readSchedulerFacts(scheduler) }),
    ...(unet && readHeadFacts(unet, folder)),
    ...(vae && readLatentFacts(vae)),
  }
}

/** A component under its prefix, each tensor naming its file. */
function addPrefix(file: WeightFile, prefix: string): WeightFile {
  const renamed = renameTensors(file, (name) => prefix + name)
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of renamed.tensors) tensors.set(name, { path: file.path, ...entry })
  return { ...renamed, tensors }
}
