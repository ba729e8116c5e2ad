const extensions = ['', '.safetensors', '.pt', '.bin']

/**
 * The embedding file a prompt's `embedding:name` means: `names` are paths below the embeddings folder with extension and
 * forward slashes. Every sub-folder counts as a root; the extension may be left out. Undefined for no match and for
 * names that climb out ("../x").
 */
export function findEmbeddingFile(names: readonly string[], wanted: string): string | undefined {
  const parts = wanted.replaceAll('\\', '/').split('/')
  if (parts.includes('..') || wanted.startsWith('/')) return undefined
  const path = parts.filter((part) => part !== '' && part !== '.').join('/')
  const isRooted = (name: string, target: string) => name === target || name.endsWith(`/${target}`)
  const byDepth = [...names].sort((left, right) => left.split('/').length - right.split('/').length)
  for (const extension of extensions) {
    const found = byDepth.find((name) => isRooted(name, path + extension))
    if (found !== undefined) return found
  }
  return undefined
}
