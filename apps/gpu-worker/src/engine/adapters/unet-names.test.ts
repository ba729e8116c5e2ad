import { describe, expect, it } from 'vitest'
import { toDiffusersName } from './unet-names.ts'

// Names as Diffusers' own conversion of the original checkpoints gives them (convert_from_ckpt).
const SD1 = { levels: [320, 640, 1280, 1280].map((channels) => ({ channels, depths: [1, 1] })) }
const SDXL = { levels: [320, 640, 1280].map((channels) => ({ channels, depths: [0, 0] })) }
const ONE_EACH = { levels: [320, 640].map((channels) => ({ channels, depths: [1] })) }

describe("Diffusers' names of UNet modules", () => {
  it.each([
    ['input_blocks.0.0', 'conv_in'],
    ['time_embed.2', 'time_embedding.linear_2'],
    ['label_emb.0.0', 'add_embedding.linear_1'],
    ['out.2', 'conv_out'],
    ['input_blocks.1.0.in_layers.2', 'down_blocks.0.resnets.0.conv1'],
    ['input_blocks.2.1.proj_in', 'down_blocks.0.attentions.1.proj_in'],
    ['input_blocks.3.0.op', 'down_blocks.0.downsamplers.0.conv'],
    ['input_blocks.4.0.skip_connection', 'down_blocks.1.resnets.0.conv_shortcut'],
    [
      'input_blocks.8.1.transformer_blocks.0.attn2.to_k',
      'down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k',
    ],
    ['input_blocks.11.0.out_layers.3', 'down_blocks.3.resnets.1.conv2'],
    ['middle_block.0.emb_layers.1', 'mid_block.resnets.0.time_emb_proj'],
    [
      'middle_block.1.transformer_blocks.0.ff.net.0.proj',
      'mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj',
    ],
    ['middle_block.2.in_layers.0', 'mid_block.resnets.1.norm1'],
    ['output_blocks.2.1.conv', 'up_blocks.0.upsamplers.0.conv'],
    ['output_blocks.5.2.conv', 'up_blocks.1.upsamplers.0.conv'],
    ['output_blocks.3.1.norm', 'up_blocks.1.attentions.0.norm'],
    ['output_blocks.11.1.proj_out', 'up_blocks.3.attentions.2.proj_out'],
  ])('%s of SD1 is %s', (module, name) => {
    expect(toDiffusersName(module, SD1)).toBe(name)
  })

  it.each([
    [
      'input_blocks.4.1.transformer_blocks.1.attn1.to_q',
      'down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q',
    ],
    ['input_blocks.7.1.proj_in', 'down_blocks.2.attentions.0.proj_in'],
    ['output_blocks.2.2.conv', 'up_blocks.0.upsamplers.0.conv'],
    ['output_blocks.8.0.in_layers.2', 'up_blocks.2.resnets.2.conv1'],
  ])('%s of SDXL is %s', (module, name) => {
    expect(toDiffusersName(module, SDXL)).toBe(name)
  })

  it.each([
    ['input_blocks.2.0.op', 'down_blocks.0.downsamplers.0.conv'],
    ['input_blocks.3.0.in_layers.2', 'down_blocks.1.resnets.0.conv1'],
    ['output_blocks.2.0.in_layers.2', 'up_blocks.1.resnets.0.conv1'],
  ])('%s of a UNet with one block a level is %s', (module, name) => {
    expect(toDiffusersName(module, ONE_EACH)).toBe(name)
  })

  it.each(['input_blocks.12.0.in_layers.2', 'zero_convs.0.0', 'input_blocks.1.0.no_such', 'model'])(
    'there is none for %s',
    (module) => {
      expect(toDiffusersName(module, SD1)).toBeUndefined()
    },
  )
})
