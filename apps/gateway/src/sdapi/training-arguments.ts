/** Arguments of a function of the original, as its routes pass a body's keys on to it. */
export interface Signature {
  readonly name: string
  readonly required: readonly string[]
  readonly optional?: readonly string[]
}

const COMMON = {
  first: ['learn_rate', 'batch_size', 'gradient_step', 'data_root', 'log_directory', 'training_width'],
  size: ['training_height', 'varsize', 'steps', 'clip_grad_mode', 'clip_grad_value', 'shuffle_tags'],
  latents: ['tag_drop_out', 'latent_sampling_method', 'use_weight', 'create_image_every'],
  preview: ['preview_from_txt2img', 'preview_prompt', 'preview_negative_prompt', 'preview_steps'],
  last: ['preview_sampler_name', 'preview_cfg_scale', 'preview_seed', 'preview_width', 'preview_height'],
}
const BEFORE = [...COMMON.first, ...COMMON.size, ...COMMON.latents]
const AFTER = [...COMMON.preview, ...COMMON.last]

/** The routes that create and train, and what they take. */
export const TRAINING_ARGUMENTS: Readonly<Record<string, Signature>> = {
  'create/embedding': {
    name: 'create_embedding',
    required: ['name', 'num_vectors_per_token', 'overwrite_old'],
    optional: ['init_text'],
  },
  'create/hypernetwork': {
    name: 'create_hypernetwork',
    required: ['name', 'enable_sizes', 'overwrite_old'],
    optional: [
      ...['layer_structure', 'activation_func', 'weight_init', 'add_layer_norm'],
      ...['use_dropout', 'dropout_structure'],
    ],
  },
  'train/embedding': {
    name: 'train_embedding',
    required: [
      ...['id_task', 'embedding_name', ...BEFORE, 'save_embedding_every', 'template_filename'],
      ...['save_image_with_stored_embedding', ...AFTER],
    ],
  },
  'train/hypernetwork': {
    name: 'train_hypernetwork',
    required: [
      ...['id_task', 'hypernetwork_name', ...BEFORE, 'save_hypernetwork_every', 'template_filename'],
      ...AFTER,
    ],
  },
}

/** What is wrong with the names of a call's arguments, in Python's words; undefined: nothing. */
export function findArgumentFault(
  given: readonly string[],
  { name, required, optional = [] }: Signature,
): string | undefined {
  const unknown = given.find((key) => !required.includes(key) && !optional.includes(key))
  if (unknown !== undefined) return `${name}() got an unexpected keyword argument '${unknown}'`
  const missing = required.filter((key) => !given.includes(key)).map((key) => `'${key}'`)
  if (missing.length === 0) return undefined
  const noun = missing.length === 1 ? 'argument' : 'arguments'
  return `${name}() missing ${missing.length} required positional ${noun}: ${joinNames(missing)}`
}

function joinNames(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ')
  return `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`
}
