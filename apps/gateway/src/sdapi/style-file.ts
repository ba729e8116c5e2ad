import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { GatewayConfig } from '../config.ts'
import type { PromptStyle } from './styles.ts'

/** In the data folder, unless another file is set. */
const DEFAULT_FILE = 'styles.csv'

/** The styles of the operator, for every tenant. */
export function readStyles(config: GatewayConfig): Promise<readonly PromptStyle[]> {
  return readStyleFile(config.ATELIER_STYLES_FILE ?? join(config.ATELIER_DATA, DEFAULT_FILE))
}

/**
 * Styles of a file as A1111 keeps them: comma-separated, with columns name, prompt (long ago "text") and
 * negative_prompt; a later style of a name takes the place of an earlier one. It is read anew each time, so that a
 * change is seen at once; a file that is not there holds none.
 * @throws Error when the file is no table
 */
export async function readStyleFile(path: string): Promise<readonly PromptStyle[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const rows = parse<Record<string, string>>(text, {
    ...{ bom: true, columns: true, relax_column_count: true, skip_empty_lines: true },
  })
  const styles = new Map<string, PromptStyle>()
  for (const { name, prompt, text: old, negative_prompt: negativePrompt } of rows) {
    if (name === undefined || name === '') continue
    styles.set(name, { name, prompt: prompt ?? old ?? '', negativePrompt: negativePrompt ?? '' })
  }
  return [...styles.values()]
}
