/** An extra-network tag of a prompt, such as `<lora:name:0.8:te=0.5>`. */
export interface ExtraNetworkTag {
  /** "lora", "lyco", "hypernet" and so on, as written. */
  readonly kind: string
  /** Everything after the kind, split at colons. */
  readonly items: readonly string[]
  /** Items without exactly one "=": name, multipliers. */
  readonly positional: readonly string[]
  /** Items with exactly one "=". */
  readonly named: ReadonlyMap<string, string>
}

const tagPattern = /<([\p{L}\p{N}_]+):([^>]+)>/gu

function toTag(kind: string, argumentsText: string): ExtraNetworkTag {
  const items = argumentsText.split(':')
  const isNamed = (item: string) => item.split('=').length === 2
  const named = items.filter(isNamed).map((item) => item.split('=') as [string, string])
  return { kind, items, positional: items.filter((item) => !isNamed(item)), named: new Map(named) }
}

/** Cuts every tag out of a prompt and lists them in order; blanks around a tag stay. */
export function parseExtraNetworks(prompt: string): {
  readonly prompt: string
  readonly tags: readonly ExtraNetworkTag[]
} {
  // Behind the last bracket no tag can end: looking for its end from every beginning would take for ever.
  const end = prompt.lastIndexOf('>') + 1
  const tagged = prompt.slice(0, end)
  const tags = Array.from(tagged.matchAll(tagPattern), ([, kind = '', text = '']) => toTag(kind, text))
  return { prompt: tagged.replace(tagPattern, '') + prompt.slice(end), tags }
}

/** The tags that count for a batch: those of its first prompt alone. */
export function parseBatchExtraNetworks(prompts: readonly string[]): {
  readonly prompts: readonly string[]
  readonly tags: readonly ExtraNetworkTag[]
} {
  const parsed = prompts.map(parseExtraNetworks)
  return { prompts: parsed.map(({ prompt }) => prompt), tags: parsed[0]?.tags ?? [] }
}

/** A LoRA as a tag asks for it. */
export interface LoraRequest {
  readonly name: string
  readonly textStrength: number
  readonly denoiserStrength: number
  /** Ranks of its products that are used; undefined: all. */
  readonly rankLimit?: number
}

/**
 * Reads a `lora` or `lyco` tag: name, text multiplier (1), denoiser multiplier (as the text's), ranks (all), also
 * `te=`, `unet=` and `dyn=`. Undefined for tags of other kinds.
 * @throws RangeError naming what is no number
 */
export function toLoraRequest({ kind, positional, named }: ExtraNetworkTag): LoraRequest | undefined {
  if (kind !== 'lora' && kind !== 'lyco') return undefined
  const [name = '', positionalText, positionalDenoiser, positionalRanks] = positional
  const readNumber = (text: string | undefined, fallback: number) => {
    if (text === undefined) return fallback
    const number = text.trim() === '' ? NaN : Number(text)
    if (Number.isNaN(number))
      throw new RangeError(`<${kind}:${name}>: could not convert string to float: '${text}'`)
    return number
  }
  const textStrength = readNumber(named.get('te') ?? positionalText, 1)
  return {
    name,
    textStrength,
    denoiserStrength: readNumber(named.get('unet') ?? positionalDenoiser, textStrength),
    ...readRanks(named.get('dyn') ?? positionalRanks, `<${kind}:${name}>`),
  }
}

/** Python's slices take negative numbers from the end; only such as A1111's users write are known here. */
function readRanks(text: string | undefined, tag: string): Pick<LoraRequest, 'rankLimit'> {
  if (text === undefined) return {}
  if (!/^\s*\+?\d{1,9}\s*$/.test(text))
    throw new RangeError(`${tag}: invalid literal for int() with base 10: '${text}'`)
  return { rankLimit: Number(text) }
}
