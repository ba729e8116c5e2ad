import type { TensorEntry, WeightFile } from './weight-file.ts'

/** A file under other tensor names; `rename` gives undefined for those that are left out. */
export function renameTensors(file: WeightFile, rename: (name: string) => string | undefined): WeightFile {
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of file.tensors) {
    const renamed = rename(name)
    if (renamed !== undefined) tensors.set(renamed, entry)
  }
  return { ...file, tensors }
}

/** A file without a prefix that some or all of its names have. */
export function stripPrefix(file: WeightFile, prefix: string): WeightFile {
  return renameTensors(file, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name))
}
