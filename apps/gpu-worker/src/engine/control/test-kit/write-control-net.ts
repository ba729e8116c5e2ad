import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTensor } from '../../checkpoint/read-tensor.ts'
import { readSafetensors } from '../../checkpoint/safetensors.ts'
import { formatSafetensors } from '../../checkpoint/write-safetensors.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'

const PREFIX = 'model.diffusion_model.'
/** Channels of the hint's encoder, layer by layer, before the UNet's own. */
const HINT_CHANNELS = [3, 16, 16, 32, 32, 96, 96, 256]

/**
 * Writes a ControlNet for a checkpoint as they are trained: the first half of its UNet, a hint's encoder, and projections
 * of what each block makes; the weights of those two come from a seed. With kinds it is a union network. Test code.
 */
export function writeControlNet(checkpoint: string, seed = 1, kinds = 0): string {
  const file = readSafetensors(checkpoint)
  const half = [...file.tensors.keys()].filter((name) =>
    /^model\.diffusion_model\.(input_blocks|middle_block|time_embed|label_emb)\./.test(name),
  )
  const copied = half.map((name) => [name.slice(PREFIX.length), readTensor(file, name)] as const)
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const layer = (name: string, shape: readonly number[]): [string, Tensor][] => [
    [
      `${name}.weight`,
      createTensor(
        shape,
        createTensor(shape).data.map(() => next() / Math.sqrt(shape[1] ?? 1)),
      ),
    ],
    [
      `${name}.bias`,
      createTensor(
        shape.slice(0, 1),
        createTensor(shape.slice(0, 1)).data.map(() => next() / 8),
      ),
    ],
  ]
  const widths = outputWidths(new Map(copied))
  const task = createTensor([kinds, widths[0]!])
  const hint = [...HINT_CHANNELS, widths[0]!]
  const written = [
    ...copied,
    ...hint.slice(1).flatMap((width, i) => layer(`input_hint_block.${2 * i}`, [width, hint[i]!, 3, 3])),
    ...widths.flatMap((width, i) => layer(`zero_convs.${i}.0`, [width, width, 1, 1])),
    ...layer('middle_block_out.0', [widths.at(-1)!, widths.at(-1)!, 1, 1]),
    ...(kinds === 0
      ? []
      : [
          ['task_embedding', createTensor(task.shape, task.data.map(next))] as const,
          ...listUnionShapes(kinds, widths[0]!).flatMap(([name, shape]) => layer(name, shape)),
        ]),
  ]
  const path = join(mkdtempSync(join(tmpdir(), 'control-')), `control-${seed}.safetensors`)
  writeFileSync(path, formatSafetensors(written, new Map()))
  return path
}

/** Channels of what each input block makes. */
function outputWidths(tensors: ReadonlyMap<string, Tensor>): number[] {
  const widths: number[] = []
  for (;;) {
    const name = `input_blocks.${widths.length}.0`
    const last = ['out_layers.3', 'op'].map((part) => tensors.get(`${name}.${part}.weight`))
    const weight = tensors.get(`${name}.weight`) ?? last.find((one) => one !== undefined)
    if (weight === undefined) return widths
    widths.push(weight.shape[0]!)
  }
}

function listUnionShapes(kinds: number, width: number): [string, readonly number[]][] {
  const block = 'transformer_layes.0'
  return [
    ['control_add_embedding.linear_1', [4 * width, 256 * kinds]],
    ['control_add_embedding.linear_2', [4 * width, 4 * width]],
    [`${block}.ln_1`, [width]],
    [`${block}.attn.in_proj`, [3 * width, width]],
    [`${block}.attn.out_proj`, [width, width]],
    [`${block}.ln_2`, [width]],
    [`${block}.mlp.c_fc`, [4 * width, width]],
    [`${block}.mlp.c_proj`, [width, 4 * width]],
    ['spatial_ch_projs', [width, width]],
  ]
}
