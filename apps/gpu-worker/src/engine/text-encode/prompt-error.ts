/** A prompt that cannot be encoded; the request that holds it fails. The message is the original's where clients see it. */
export class PromptError extends Error {
  override readonly name = 'PromptError'
}
