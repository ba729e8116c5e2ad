import type { WeightFile } from '../checkpoint/weight-file.ts'
import { AdapterModule } from './adapter-module.ts'

/** Ends of tensor names by the part they are, the longest first where one ends another. */
const ENDINGS: readonly (readonly [ending: string, part: string])[] = [
  // kohya and LyCORIS; PEFT and Diffusers; older Diffusers, three ways.
  ...pair(['.lora_up.weight', '.lora_down.weight']),
  ...pair(['.lora_B.default.weight', '.lora_A.default.weight']),
  ...pair(['.lora_B.weight', '.lora_A.weight']),
  ...pair(['.lora_linear_layer.up.weight', '.lora_linear_layer.down.weight']),
  ...pair(['.lora.up.weight', '.lora.down.weight']),
  ...pair(['_lora.up.weight', '_lora.down.weight']),
  ['.lora_magnitude_vector.default.weight', 'dora_scale'],
  ['.lora_magnitude_vector.weight', 'dora_scale'],
  ['.lora_magnitude_vector', 'dora_scale'],
  ...[
    ...['lora_mid.weight', 'alpha', 'scale', 'dora_scale', 'bias', 'reshape_weight'],
    ...['hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b', 'hada_t1', 'hada_t2'],
    ...['lokr_w1', 'lokr_w2', 'lokr_w1_a', 'lokr_w1_b', 'lokr_w2_a', 'lokr_w2_b', 'lokr_t2'],
    ...['a1.weight', 'a2.weight', 'b1.weight', 'b2.weight'],
    ...['oft_blocks', 'oft_diag', 'rescale'],
    ...['diff', 'diff_b', 'set_weight', 'w_norm', 'b_norm', 'on_input', 'weight'],
  ].map((part) => [`.${part}`, part] as const),
]

/** Begins the names of textual inversions that lie in an adapter file. */
const BUNDLED_EMBEDDING = 'bundle_emb.'

function pair([up, down]: readonly [string, string]): (readonly [string, string])[] {
  return [
    [up, 'lora_up.weight'],
    [down, 'lora_down.weight'],
  ]
}

/** The modules of an adapter file, and the names of tensors that are none of a module's parts. */
export interface AdapterModules {
  readonly modules: readonly AdapterModule[]
  readonly others: readonly string[]
}

/** Sorts an adapter file's tensors by the layers they are for. */
export function readModules(file: WeightFile): AdapterModules {
  const names = new Map<string, Map<string, string>>()
  const others: string[] = []
  for (const name of file.tensors.keys()) {
    if (name.startsWith(BUNDLED_EMBEDDING)) continue
    const found = ENDINGS.find(([ending]) => name.endsWith(ending))
    if (found === undefined) {
      others.push(name)
      continue
    }
    const base = name.slice(0, -found[0].length)
    const parts = names.get(base) ?? new Map<string, string>()
    parts.set(found[1], name)
    names.set(base, parts)
  }
  return { modules: [...names].map(([base, parts]) => new AdapterModule(file, base, parts)), others }
}
