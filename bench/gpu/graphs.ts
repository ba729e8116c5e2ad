import { listTargets } from '../../apps/gpu-worker/src/engine/adapters/adapter-targets.ts'
import { deriveWeights, withChanges } from '../../apps/gpu-worker/src/engine/adapters/derive-weights.ts'
import { detectText, type TextUse } from '../../apps/gpu-worker/src/engine/checkpoint/detect-text.ts'
import { detectUnet } from '../../apps/gpu-worker/src/engine/checkpoint/detect-unet.ts'
import { detectVae } from '../../apps/gpu-worker/src/engine/checkpoint/detect-vae.ts'
import type { TensorEntry, WeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/weight-file.ts'
import { buildClipText } from '../../apps/gpu-worker/src/engine/networks/clip-text.ts'
import { buildControlNet } from '../../apps/gpu-worker/src/engine/networks/control/control-net.ts'
import { detectControl } from '../../apps/gpu-worker/src/engine/networks/control/detect-control.ts'
import { joinControls } from '../../apps/gpu-worker/src/engine/networks/control/join-controls.ts'
import { buildUnet } from '../../apps/gpu-worker/src/engine/networks/unet.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../apps/gpu-worker/src/engine/networks/vae.ts'
import { GraphBuilder } from '../../apps/gpu-worker/src/engine/onnx/graph-builder.ts'
import type { Graph } from '../../apps/gpu-worker/src/engine/onnx/graph.ts'
import { wrapEdges } from '../../apps/gpu-worker/src/engine/onnx/wrap-edges.ts'
import {
  listClipShapes,
  listControlNetShapes,
  listOpenClipShapes,
  listUnetShapes,
  listVaeShapes,
  REFINER,
  SD15,
  SD2,
  SDXL,
  type Shapes,
  type UnetSize,
} from '../micro/checkpoint-shapes.ts'
import { countElements } from '../micro/random-checkpoint.ts'

const PREFIX = 'model.diffusion_model.'
const LORA_RANK = 16
/** What follows the latent's four channels in other checkpoints: a picture's latent and a mask, a picture's latent. */
const [INPAINT, EDIT] = [9, 8]

/**
 * Full-size networks by name, written from tensor shapes alone: to look a graph over no weights are needed. Every kind a
 * job can ask for: families, more channels, control inputs, controls, adapters, edges that wrap, autoencoders, texts.
 */
export const GRAPHS: Readonly<Record<string, () => Graph>> = {
  sd15: () => unet(SD15),
  'sd15-inpaint': () => unet(SD15, INPAINT),
  'sd15-edit': () => unet(SD15, EDIT),
  sd2: () => unet(SD2),
  'sd2-inpaint': () => unet(SD2, INPAINT),
  sdxl: () => unet(SDXL),
  'sdxl-inpaint': () => unet(SDXL, INPAINT),
  refiner: () => unet(REFINER),
  'sd15-tiling': () => wrapEdges(unet(SD15)),
  'sd15-controlled': () => controlled(SD15, 12),
  'sdxl-controlled': () => controlled(SDXL, 9),
  'sd15-guided': () => guided(SD15, 12),
  'sdxl-guided': () => guided(SDXL, 9),
  'sd15-lora': () => adapted(SD15),
  'sdxl-lora': () => adapted(SDXL),
  'controlnet-sd15': () => control(SD15),
  'controlnet-sdxl': () => control(SDXL),
  'vae-decoder': () => vae(buildVaeDecoder),
  'vae-encoder': () => vae(buildVaeEncoder),
  'clip-l': () => text(listClipShapes(), 'cond_stage_model.transformer.text_model.', 'clip_l'),
  'clip-h': () => text(listOpenClipShapes('', { width: 1024, layers: 24 }), '', 'clip_h'),
  'clip-g': () => text(listOpenClipShapes('', { width: 1280, layers: 32 }), '', 'clip_g'),
}

/** A table of contents without a file. */
function toFile(shapes: Shapes, path = '/no-file.safetensors'): WeightFile {
  let offset = 0
  const tensors = new Map<string, TensorEntry>()
  for (const [name, shape] of shapes) {
    const byteLength = 2 * countElements(shape)
    tensors.set(name, { dtype: 'F16', shape, offset, byteLength })
    offset += byteLength
  }
  return { path, sizeBytes: offset, tensors, metadata: {} }
}

function openUnet(size: UnetSize, channels = 4): WeightFile {
  const shapes = listUnetShapes(size)
  return toFile(shapes.set(`${PREFIX}input_blocks.0.0.weight`, [size.modelChannels, channels, 3, 3]))
}

function unet(size: UnetSize, channels?: number): Graph {
  const file = openUnet(size, channels)
  return buildUnet(file, detectUnet(file, PREFIX))
}

/** A UNet that takes what a ControlNet with so many input blocks adds. */
function controlled(size: UnetSize, blocks: number): Graph {
  const file = openUnet(size)
  return buildUnet(file, detectUnet(file, PREFIX), listPlaces(blocks))
}

function listPlaces(blocks: number): string[] {
  return [...Array.from({ length: blocks }, (_, block) => `skip_${block}`), 'middle']
}

/** A UNet and a ControlNet in one graph. */
function guided(size: UnetSize, blocks: number): Graph {
  const net = {
    ...{ key: 'bench', places: listPlaces(blocks), costBytes: 0 },
    ...{ describe: () => control(size), check: () => undefined },
  }
  return joinControls(controlled(size, blocks), [net], [])
}

/** A UNet whose attention is changed by a LoRA. */
function adapted(size: UnetSize): Graph {
  const file = openUnet(size)
  const config = detectUnet(file, PREFIX)
  const low: Shapes = new Map()
  for (const [name, shape] of listUnetShapes(size)) {
    if (!/attn[12]\.to_(q|k|v|out\.0)\.weight$/.test(name)) continue
    const base = `lora_unet_${name.slice(PREFIX.length, -'.weight'.length).replaceAll('.', '_')}`
    low.set(`${base}.lora_up.weight`, [shape[0]!, LORA_RANK])
    low.set(`${base}.lora_down.weight`, [LORA_RANK, shape[1]!])
  }
  const adapter = {
    name: 'bench',
    file: toFile(low, '/no-lora.safetensors'),
    strengthOf: () => 1,
  }
  const targets = listTargets({ denoiser: { file, config }, texts: [] })
  const derivation = deriveWeights(targets, [adapter], 'webui')
  if (derivation.remarks.size > 0) throw new Error([...derivation.remarks.values()].flat().join('; '))
  return buildUnet(withChanges(file, derivation, 'denoiser'), config)
}

function control(size: UnetSize): Graph {
  const { file, config } = detectControl(toFile(listControlNetShapes(size), '/no-control.safetensors'))
  if (config.kind !== 'control-net') throw new Error('its shapes are no ControlNet')
  return buildControlNet(new GraphBuilder(file), config, false)
}

function vae(build: typeof buildVaeDecoder): Graph {
  const file = toFile(listVaeShapes())
  return build(file, detectVae(file, 'first_stage_model.')!)
}

function text(shapes: Shapes, prefix: string, key: TextUse['key']): Graph {
  const file = toFile(shapes)
  return buildClipText(file, detectText(file, prefix, { key, defaultLayer: 2, finalNorm: false })!)
}
