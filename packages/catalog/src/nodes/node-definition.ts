/** A plain option of an input as `object_info` shows it. Whole numbers in FLOAT inputs are floats unless bigint. */
export type OptionValue =
  | string
  | number
  | bigint
  | boolean
  | readonly OptionValue[]
  | { readonly [name: string]: OptionValue }
  | null

/** Where the choices of a list come from when a request is answered. */
export type ChoiceSource =
  | 'checkpoints'
  | 'vae'
  | 'loras'
  | 'controlnet'
  | 'diffusion_models'
  | 'text_encoders'
  | 'clip_vision'
  | 'style_models'
  | 'gligen'
  | 'hypernetworks'
  | 'photomaker'
  | 'upscale_models'
  | 'diffusers'
  | 'configs'
  /** Picture files directly in the tenant's input folder. */
  | 'input-images'
  /** All files directly in the tenant's input folder. */
  | 'input-files'
  /** Latent files directly in the tenant's input folder. */
  | 'input-latents'

/**
 * What an input takes: a type name, a fixed list of choices, or a list that depends on the files present. The type name
 * COMBO has its choices among the options.
 */
export type InputType =
  string | { readonly choices: readonly string[] } | { readonly choicesFrom: ChoiceSource }

/** One input of a node. */
export interface InputDefinition {
  readonly type: InputType
  /** `min`, `max`, `default` and hints for editors; absent where ComfyUI sends none. */
  readonly options?: Readonly<Record<string, OptionValue>>
}

/** One output of a node. */
export interface OutputDefinition {
  readonly type: string
  /** Shown name; the type's when absent. */
  readonly name?: string
  /** The output is a list whose items the next node is run on one by one. */
  readonly isList?: boolean
}

/** A ComfyUI node class as data: what the gateway validates graphs with and serves as `object_info`. */
export interface NodeDefinition {
  /** ComfyUI's class name, the `class_type` of graphs. */
  readonly className: string
  /** Null where ComfyUI gives the class none. */
  readonly displayName: string | null
  readonly category: string
  /** The Python module ComfyUI names; "nodes" when absent. */
  readonly pythonModule?: string
  /** The node makes something for the user: a graph needs at least one. */
  readonly isOutput?: boolean
  readonly isDeprecated?: boolean
  readonly isExperimental?: boolean
  /** The class takes whole lists where others are run item by item; every input is a list. */
  readonly takesLists?: boolean
  /** The class is declared by ComfyUI's newer schema, whose descriptions have another shape. */
  readonly isSchemaNode?: boolean
  /** Inputs in declaration order. */
  readonly inputs: {
    readonly required?: Readonly<Record<string, InputDefinition>>
    readonly optional?: Readonly<Record<string, InputDefinition>>
    readonly hidden?: Readonly<Record<string, string>>
  }
  readonly outputs: readonly OutputDefinition[]
  /** Present where ComfyUI's class declares tooltips of outputs. */
  readonly outputTooltips?: readonly (string | null)[]
  /** Inputs with a check of their own, which replaces ranges and lists: the named file must exist. */
  readonly checks?: Readonly<Record<string, 'file-exists' | 'latent-exists'>>
}
