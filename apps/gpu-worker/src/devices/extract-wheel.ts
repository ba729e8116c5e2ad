import { createWriteStream, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'

/**
 * Takes files out of a wheel (a zip file) into one folder, under their own names without folders.
 * @returns the names of what was taken
 * @throws Error when the file is no zip file or is damaged
 */
export async function extractWheel(
  wheel: string,
  folder: string,
  takes: (path: string) => boolean,
): Promise<string[]> {
  const names: string[] = []
  const zip = await openPromise(wheel)
  try {
    for await (const entry of zip.eachEntry()) {
      if (!takes(entry.fileName)) continue
      const name = basename(entry.fileName)
      const target = join(folder, name)
      // Under its name only when it is whole: a library that is cut off would crash whoever loads it.
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(`${target}.part`))
      renameSync(`${target}.part`, target)
      names.push(name)
    }
  } finally {
    zip.close()
  }
  return names
}
