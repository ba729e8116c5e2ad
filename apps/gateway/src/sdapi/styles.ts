import { stripPromptComments } from './generation/prompt-comments.ts'

/** A saved style: texts that are added to, or wrapped around, prompts. Null texts belong to list dividers. */
export interface PromptStyle {
  readonly name: string
  readonly prompt: string | null
  readonly negativePrompt: string | null
}

const placeholder = '{prompt}'

/**
 * Applies style texts to a prompt in turn: where a text holds "{prompt}" it wraps the prompt, else it is appended after a
 * comma. Prompt and texts lose comments and the white space around them, so a request without styles should not come here.
 */
export function applyStyles(prompt: string, texts: readonly string[]): string {
  return texts
    .map((text) => stripPromptComments(text).trim())
    .filter((text) => text !== '')
    .reduce((styled, text) => {
      if (text.includes(placeholder)) return text.replaceAll(placeholder, () => styled)
      return styled === '' ? text : `${styled}, ${text}`
    }, stripPromptComments(prompt).trim())
}

/** The styles of these names that are there, in the order of the names. */
export function selectStyles(styles: readonly PromptStyle[], names: readonly string[]): PromptStyle[] {
  return names.flatMap((name) => styles.find((style) => style.name === name) ?? [])
}

/** The texts of the named styles, in the order named; unknown names are passed over. */
export function selectStyleTexts(
  styles: readonly PromptStyle[],
  names: readonly string[],
): { readonly prompts: string[]; readonly negativePrompts: string[] } {
  const found = selectStyles(styles, names)
  return {
    prompts: found.map(({ prompt }) => prompt ?? ''),
    negativePrompts: found.map(({ negativePrompt }) => negativePrompt ?? ''),
  }
}

/** The prompt without a style's text, or undefined where the style is not in it. */
function removeStyleText(prompt: string, styleText: string): string | undefined {
  const text = stripPromptComments(styleText).trim()
  const stripped = prompt.trim()
  const [before = '', ...others] = text.split(placeholder)
  if (others.length > 0) {
    const after = others.join(placeholder)
    const fits = stripped.startsWith(before) && stripped.endsWith(after)
    return fits
      ? stripped.slice(before.length, Math.max(before.length, stripped.length - after.length))
      : undefined
  }
  if (!stripped.endsWith(text)) return undefined
  const rest = stripped.slice(0, stripped.length - text.length)
  return rest.endsWith(', ') ? rest.slice(0, -2) : rest
}

/** What is left of two prompts when the styles found in them are taken out. */
export interface ExtractedStyles {
  /** Names, in the order in which the styles would be applied again. */
  readonly styles: readonly string[]
  readonly prompt: string
  readonly negativePrompt: string
}

/** Finds styles whose texts both prompts carry and takes them out, the outermost first. */
export function extractStyles(
  styles: readonly PromptStyle[],
  prompt: string,
  negativePrompt: string,
): ExtractedStyles {
  const candidates = styles.filter(
    (style) => (style.prompt ?? '') !== '' || (style.negativePrompt ?? '') !== '',
  )
  const found: string[] = []
  let positive = stripPromptComments(prompt)
  let negative = stripPromptComments(negativePrompt)
  for (;;) {
    const index = candidates.findIndex((style) => {
      const withoutPositive = removeStyleText(positive, style.prompt ?? '')
      const withoutNegative = removeStyleText(negative, style.negativePrompt ?? '')
      if (withoutPositive === undefined || withoutNegative === undefined) return false
      positive = withoutPositive
      negative = withoutNegative
      return true
    })
    if (index < 0) return { styles: found.reverse(), prompt: positive, negativePrompt: negative }
    found.push(...candidates.splice(index, 1).map(({ name }) => name))
  }
}
