/** Tensor shapes of a full-size checkpoint in LDM layout, by name. */
export type Shapes = Map<string, readonly number[]>

/** What tells one UNet's size from another's. */
export interface UnetSize {
  readonly modelChannels: number
  /** Width of each level as a multiple of the first. */
  readonly multipliers: readonly number[]
  /** Transformer depth of each level; 0: none. */
  readonly depths: readonly number[]
  readonly middleDepth: number
  readonly contextWidth: number
  readonly hasLinearProjections: boolean
  /** Width of the label vector; 0: none. */
  readonly labelWidth: number
}

export const SD15: UnetSize = {
  modelChannels: 320,
  multipliers: [1, 2, 4, 4],
  depths: [1, 1, 1, 0],
  middleDepth: 1,
  contextWidth: 768,
  hasLinearProjections: false,
  labelWidth: 0,
}

export const SDXL: UnetSize = {
  modelChannels: 320,
  multipliers: [1, 2, 4],
  depths: [0, 2, 10],
  middleDepth: 10,
  contextWidth: 2048,
  hasLinearProjections: true,
  labelWidth: 2816,
}

export const SD2: UnetSize = { ...SD15, contextWidth: 1024, hasLinearProjections: true }

export const REFINER: UnetSize = {
  modelChannels: 384,
  multipliers: [1, 2, 4, 4],
  depths: [0, 4, 4, 0],
  middleDepth: 4,
  contextWidth: 1280,
  hasLinearProjections: true,
  labelWidth: 2560,
}

const RESIDUAL_BLOCKS = 2

/** Shapes of a UNet. */
export function listUnetShapes(size: UnetSize): Shapes {
  const shapes: Shapes = new Map()
  const prefix = 'model.diffusion_model.'
  const add = createAdders(shapes, prefix)
  const { modelChannels, multipliers, depths, labelWidth } = size
  const embedding = 4 * modelChannels
  const residual = (name: string, from: number, to: number): void => {
    add.norm(`${name}.in_layers.0`, from)
    add.conv(`${name}.in_layers.2`, from, to, 3)
    add.linear(`${name}.emb_layers.1`, embedding, to)
    add.norm(`${name}.out_layers.0`, to)
    add.conv(`${name}.out_layers.3`, to, to, 3)
    if (from !== to) add.conv(`${name}.skip_connection`, from, to, 1)
  }
  const transformer = (name: string, width: number, depth: number): void =>
    addTransformer(add, { name, width, depth, size })
  const twoLayers = (name: string, from: number): void => {
    add.linear(`${name}.0`, from, embedding)
    add.linear(`${name}.2`, embedding, embedding)
  }
  twoLayers('time_embed', modelChannels)
  if (labelWidth > 0) twoLayers('label_emb.0', labelWidth)
  add.conv('input_blocks.0.0', 4, modelChannels, 3)
  const skips = [modelChannels]
  let width = modelChannels
  let block = 1
  multipliers.forEach((multiplier, level) => {
    for (let i = 0; i < RESIDUAL_BLOCKS; i += 1) {
      residual(`input_blocks.${block}.0`, width, modelChannels * multiplier)
      width = modelChannels * multiplier
      if (depths[level]! > 0) transformer(`input_blocks.${block}.1`, width, depths[level]!)
      skips.push(width)
      block += 1
    }
    if (level === multipliers.length - 1) return
    add.conv(`input_blocks.${block}.0.op`, width, width, 3)
    skips.push(width)
    block += 1
  })
  residual('middle_block.0', width, width)
  transformer('middle_block.1', width, size.middleDepth)
  residual('middle_block.2', width, width)
  block = 0
  for (let level = multipliers.length - 1; level >= 0; level -= 1) {
    for (let i = 0; i <= RESIDUAL_BLOCKS; i += 1) {
      residual(`output_blocks.${block}.0`, width + skips.pop()!, modelChannels * multipliers[level]!)
      width = modelChannels * multipliers[level]!
      const hasTransformer = depths[level]! > 0
      if (hasTransformer) transformer(`output_blocks.${block}.1`, width, depths[level]!)
      if (level > 0 && i === RESIDUAL_BLOCKS)
        add.conv(`output_blocks.${block}.${hasTransformer ? 2 : 1}.conv`, width, width, 3)
      block += 1
    }
  }
  add.norm('out.0', modelChannels)
  add.conv('out.2', modelChannels, 4, 3)
  return shapes
}

/** Shapes of a ControlNet: the first half of a UNet, its hint's encoder and what leaves at every block. */
export function listControlNetShapes(size: UnetSize): Shapes {
  const shapes: Shapes = new Map()
  const prefix = 'model.diffusion_model.'
  for (const [name, shape] of listUnetShapes(size)) {
    if (!/\.(output_blocks|out)\./.test(name)) shapes.set(name.slice(prefix.length), shape)
  }
  const add = createAdders(shapes, '')
  const hint = [3, 16, 16, 32, 32, 96, 96, 256, size.modelChannels]
  hint.slice(1).forEach((to, layer) => add.conv(`input_hint_block.${2 * layer}`, hint[layer]!, to, 3))
  const widths = [size.modelChannels]
  size.multipliers.forEach((multiplier, level) => {
    const width = size.modelChannels * multiplier
    const isLast = level === size.multipliers.length - 1
    widths.push(...new Array<number>(RESIDUAL_BLOCKS + (isLast ? 0 : 1)).fill(width))
  })
  widths.forEach((width, block) => add.conv(`zero_convs.${block}.0`, width, width, 1))
  add.conv('middle_block_out.0', widths.at(-1)!, widths.at(-1)!, 1)
  return shapes
}

/** Shapes of an OpenCLIP text encoder (ViT-H/14: 1024 wide, 24 layers; ViT-bigG/14: 1280, 32). */
export function listOpenClipShapes(
  prefix: string,
  { width, layers }: { readonly width: number; readonly layers: number },
): Shapes {
  const shapes: Shapes = new Map()
  const add = createAdders(shapes, prefix)
  add.table('token_embedding', 49_408, width)
  shapes.set(`${prefix}positional_embedding`, [77, width])
  shapes.set(`${prefix}text_projection`, [width, width])
  for (let layer = 0; layer < layers; layer += 1) {
    const name = `transformer.resblocks.${layer}`
    shapes.set(`${prefix}${name}.attn.in_proj_weight`, [3 * width, width])
    shapes.set(`${prefix}${name}.attn.in_proj_bias`, [3 * width])
    add.linear(`${name}.attn.out_proj`, width, width)
    add.norm(`${name}.ln_1`, width)
    add.norm(`${name}.ln_2`, width)
    add.linear(`${name}.mlp.c_fc`, width, 4 * width)
    add.linear(`${name}.mlp.c_proj`, 4 * width, width)
  }
  add.norm('ln_final', width)
  return shapes
}

/** Shapes of the SD 1.x text encoder (CLIP ViT-L/14). */
export function listClipShapes(): Shapes {
  const shapes: Shapes = new Map()
  const add = createAdders(shapes, 'cond_stage_model.transformer.text_model.')
  const width = 768
  add.table('embeddings.token_embedding', 49_408, width)
  add.table('embeddings.position_embedding', 77, width)
  for (let layer = 0; layer < 12; layer += 1) {
    const name = `encoder.layers.${layer}`
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      add.linear(`${name}.self_attn.${part}`, width, width)
    add.norm(`${name}.layer_norm1`, width)
    add.norm(`${name}.layer_norm2`, width)
    add.linear(`${name}.mlp.fc1`, width, 4 * width)
    add.linear(`${name}.mlp.fc2`, 4 * width, width)
  }
  add.norm('final_layer_norm', width)
  return shapes
}

/** Shapes of the autoencoder of SD 1.x. */
export function listVaeShapes(): Shapes {
  const shapes: Shapes = new Map()
  const add = createAdders(shapes, 'first_stage_model.')
  const widths = [128, 256, 512, 512]
  const residual = (name: string, from: number, to: number): void => {
    add.norm(`${name}.norm1`, from)
    add.conv(`${name}.conv1`, from, to, 3)
    add.norm(`${name}.norm2`, to)
    add.conv(`${name}.conv2`, to, to, 3)
    if (from !== to) add.conv(`${name}.nin_shortcut`, from, to, 1)
  }
  const middle = (name: string): void => {
    residual(`${name}.block_1`, 512, 512)
    add.norm(`${name}.attn_1.norm`, 512)
    for (const part of ['q', 'k', 'v', 'proj_out']) add.conv(`${name}.attn_1.${part}`, 512, 512, 1)
    residual(`${name}.block_2`, 512, 512)
  }
  add.conv('encoder.conv_in', 3, 128, 3)
  add.conv('decoder.conv_in', 4, 512, 3)
  let [down, up] = [128, 512]
  widths.forEach((width, level) => {
    for (let block = 0; block < 2; block += 1) {
      residual(`encoder.down.${level}.block.${block}`, down, width)
      down = width
    }
    if (level < 3) add.conv(`encoder.down.${level}.downsample.conv`, width, width, 3)
  })
  for (let level = 3; level >= 0; level -= 1) {
    for (let block = 0; block < 3; block += 1) {
      residual(`decoder.up.${level}.block.${block}`, up, widths[level]!)
      up = widths[level]!
    }
    if (level > 0) add.conv(`decoder.up.${level}.upsample.conv`, up, up, 3)
  }
  middle('encoder.mid')
  middle('decoder.mid')
  add.norm('encoder.norm_out', 512)
  add.norm('decoder.norm_out', 128)
  add.conv('encoder.conv_out', 512, 8, 3)
  add.conv('decoder.conv_out', 128, 3, 3)
  add.conv('quant_conv', 8, 8, 1)
  add.conv('post_quant_conv', 4, 4, 1)
  return shapes
}

type Adders = ReturnType<typeof createAdders>

function addTransformer(
  add: Adders,
  { name, width, depth, size }: { name: string; width: number; depth: number; size: UnetSize },
): void {
  const project = (part: string): void =>
    size.hasLinearProjections ? add.linear(part, width, width) : add.conv(part, width, width, 1)
  add.norm(`${name}.norm`, width)
  project(`${name}.proj_in`)
  for (let i = 0; i < depth; i += 1) {
    const block = `${name}.transformer_blocks.${i}`
    for (const [attention, from] of [
      ['attn1', width],
      ['attn2', size.contextWidth],
    ] as const) {
      add.weight(`${block}.${attention}.to_q`, [width, width])
      add.weight(`${block}.${attention}.to_k`, [width, from])
      add.weight(`${block}.${attention}.to_v`, [width, from])
      add.linear(`${block}.${attention}.to_out.0`, width, width)
    }
    for (const part of ['norm1', 'norm2', 'norm3']) add.norm(`${block}.${part}`, width)
    add.linear(`${block}.ff.net.0.proj`, width, 8 * width)
    add.linear(`${block}.ff.net.2`, 4 * width, width)
  }
  project(`${name}.proj_out`)
}

/** Width, growth and number of blocks of RealESRGAN_x4plus, the ESRGAN network that most files are. */
const ESRGAN = { width: 64, growth: 32, blocks: 23 }

/** Shapes of an ESRGAN upscaler by four, in the layout of Real-ESRGAN. */
export function listEsrganShapes(): Shapes {
  const shapes: Shapes = new Map()
  const add = createAdders(shapes, '')
  const { width, growth, blocks } = ESRGAN
  add.conv('conv_first', 3, width, 3)
  for (let block = 0; block < blocks; block += 1)
    for (const part of [1, 2, 3])
      for (const layer of [1, 2, 3, 4, 5])
        add.conv(
          `body.${block}.rdb${part}.conv${layer}`,
          width + (layer - 1) * growth,
          layer === 5 ? width : growth,
          3,
        )
  for (const name of ['conv_body', 'conv_up1', 'conv_up2', 'conv_hr']) add.conv(name, width, width, 3)
  add.conv('conv_last', width, 3, 3)
  return shapes
}

function createAdders(shapes: Shapes, prefix: string) {
  const weight = (name: string, shape: readonly number[]): void =>
    void shapes.set(`${prefix}${name}.weight`, shape)
  const bias = (name: string, size: number): void => void shapes.set(`${prefix}${name}.bias`, [size])
  return {
    weight,
    table: (name: string, rows: number, width: number): void => weight(name, [rows, width]),
    norm(name: string, width: number): void {
      weight(name, [width])
      bias(name, width)
    },
    linear(name: string, from: number, to: number): void {
      weight(name, [to, from])
      bias(name, to)
    },
    conv(name: string, from: number, to: number, side: number): void {
      weight(name, [to, from, side, side])
      bias(name, to)
    },
  }
}
