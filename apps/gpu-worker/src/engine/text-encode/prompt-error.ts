/** A prompt that cannot be encoded; the request that holds it fails. The message is the original's where clients see it. */
export class PromptError extends Error {
  override readonly name = 'PromptError'
}

/** Longest prompt that is read, characters: some 200 pieces of 75 tokens. */
export const LONGEST_PROMPT = 64 * 1024

/** @throws PromptError when a prompt is longer than any that is meant: to read it would keep the engine from other jobs */
export function checkPromptLength({ length }: string): void {
  if (length > LONGEST_PROMPT)
    throw new PromptError(`a prompt may have at most ${LONGEST_PROMPT} characters, got ${length}`)
}
