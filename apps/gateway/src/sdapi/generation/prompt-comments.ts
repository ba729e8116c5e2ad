/** Strips comments as A1111 does: lines that begin with "#" go whole, then everything from any "#" to its line's end. */
export function stripPromptComments(prompt: string): string {
  return prompt.replace(/(^|\n)#[^\n]*(\n|$)/g, '\n').replace(/#[^\n]*(\n|$)/g, '\n')
}
