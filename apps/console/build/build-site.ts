import { build } from 'vite'
import { createSettings } from './settings.ts'

/** Builds the page into a folder, which is emptied. Throws where a source cannot be read. */
export async function buildSite(folder: string): Promise<void> {
  const settings = createSettings()
  await build({ ...settings, build: { ...settings.build, outDir: folder, emptyOutDir: true } })
}
