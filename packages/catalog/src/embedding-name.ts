/** Pictures that may carry an embedding in their texts or pixels. */
const PICTURE = /\.(png|webp)$/i

/** Whether an embedding's file is a picture. */
export function isEmbeddingPicture(name: string): boolean {
  return PICTURE.test(name)
}

/**
 * An embedding's name in A1111's prompts: its file's, without folder and extension, or the one that a picture which
 * carries it says.
 */
export function toEmbeddingName(file: {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
}): string {
  const stem = (file.name.split('/').at(-1) ?? file.name).replace(/\.[^.]+$/, '')
  return (isEmbeddingPicture(file.name) ? file.metadata['name'] : undefined) || stem
}
