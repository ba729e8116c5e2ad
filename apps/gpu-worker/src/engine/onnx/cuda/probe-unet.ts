import { writeFileSync } from 'node:fs'

/** Width of the only level: one that every fused kernel takes. */
const WIDTH = 320
/** Width of its context. */
export const PROBE_CONTEXT = 64
/** Prefix of its tensors' names. */
export const PROBE_PREFIX = 'model.diffusion_model.'

type Shapes = [name: string, shape: readonly number[]][]

/**
 * Writes a UNet of one level, as wide as SD's first, with random weights (about 50 MB): small enough to be run on a CPU,
 * and a device that runs it has run every kernel that pictures need.
 */
export function writeProbeUnet(path: string): void {
  const shapes = [...listShapes()]
  const chunks: Buffer[] = []
  let offset = 0
  let state = 7
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const entries = shapes.map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const isVector = shape.length === 1
    // Weights that keep activations near 1, norms that are no identity.
    const scale = isVector ? 0.1 : Math.sqrt(3 / (count / shape[0]!))
    const centre = isVector && name.endsWith('.weight') ? 1 : 0
    chunks.push(Buffer.from(Float32Array.from({ length: count }, () => centre + scale * next()).buffer))
    const start = offset
    offset += 4 * count
    return [PROBE_PREFIX + name, { dtype: 'F32', shape, data_offsets: [start, offset] }]
  })
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  writeFileSync(path, Buffer.concat([length, header, ...chunks]))
}

function listShapes(): Shapes {
  const layer = (name: string, ...shape: number[]): Shapes => [
    [`${name}.weight`, shape],
    [`${name}.bias`, [shape[0]!]],
  ]
  const residual = (name: string, from: number): Shapes => [
    ...layer(`${name}.in_layers.0`, from),
    ...layer(`${name}.in_layers.2`, WIDTH, from, 3, 3),
    ...layer(`${name}.emb_layers.1`, WIDTH, 4 * WIDTH),
    ...layer(`${name}.out_layers.0`, WIDTH),
    ...layer(`${name}.out_layers.3`, WIDTH, WIDTH, 3, 3),
    ...(from === WIDTH ? [] : layer(`${name}.skip_connection`, WIDTH, from, 1, 1)),
  ]
  const attend = (name: string, from: number): Shapes => [
    [`${name}.to_q.weight`, [WIDTH, WIDTH]],
    [`${name}.to_k.weight`, [WIDTH, from]],
    [`${name}.to_v.weight`, [WIDTH, from]],
    ...layer(`${name}.to_out.0`, WIDTH, WIDTH),
  ]
  const transformer = (name: string): Shapes => [
    ...layer(`${name}.norm`, WIDTH),
    ...layer(`${name}.proj_in`, WIDTH, WIDTH, 1, 1),
    ...layer(`${name}.proj_out`, WIDTH, WIDTH, 1, 1),
    ...[1, 2, 3].flatMap((n) => layer(`${name}.transformer_blocks.0.norm${n}`, WIDTH)),
    ...attend(`${name}.transformer_blocks.0.attn1`, WIDTH),
    ...attend(`${name}.transformer_blocks.0.attn2`, PROBE_CONTEXT),
    ...layer(`${name}.transformer_blocks.0.ff.net.0.proj`, 8 * WIDTH, WIDTH),
    ...layer(`${name}.transformer_blocks.0.ff.net.2`, WIDTH, 4 * WIDTH),
  ]
  return [
    ...layer('time_embed.0', 4 * WIDTH, WIDTH),
    ...layer('time_embed.2', 4 * WIDTH, 4 * WIDTH),
    ...layer('input_blocks.0.0', WIDTH, 4, 3, 3),
    ...residual('input_blocks.1.0', WIDTH),
    ...transformer('input_blocks.1.1'),
    ...residual('middle_block.0', WIDTH),
    ...transformer('middle_block.1'),
    ...residual('middle_block.2', WIDTH),
    ...residual('output_blocks.0.0', 2 * WIDTH),
    ...transformer('output_blocks.0.1'),
    ...residual('output_blocks.1.0', 2 * WIDTH),
    ...layer('out.0', WIDTH),
    ...layer('out.2', 4, WIDTH, 3, 3),
  ]
}
