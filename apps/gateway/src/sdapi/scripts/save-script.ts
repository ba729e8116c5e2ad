import type { GatewayDeps } from '../../deps.ts'
import { readInfotexts } from '../answer/made-infotexts.ts'
import type { GridNote } from './grids/grid-note.ts'
import { optionFlag } from '../options/options-store.ts'
import { openSaving } from '../saved/open-saving.ts'
import { saveGrid, savePicture } from '../saved/save-pictures.ts'
import type { PromptStyle } from '../styles.ts'
import type { ScriptPictures } from './answer-script.ts'
import type { ScriptPlan } from './script.ts'

/** Saves what a script made, where its request asks for that and the options do not forbid it. */
export async function saveScript(
  deps: Pick<GatewayDeps, 'config' | 'now'>,
  plan: ScriptPlan,
  styles: readonly PromptStyle[],
  { record, grids, pictures }: ScriptPictures,
): Promise<void> {
  const first = plan.parts[0]!
  if (!first.request.flag('save_images')) return
  const { settings, toFacts } = openSaving(deps, { record, styles })
  const images = plan.parts.flatMap((part) => part.seeds.map((_, index) => ({ part, index })))
  const options = first.options
  const texts = readInfotexts(record)
  const indexes = record.result?.imageIndexes ?? []
  if (optionFlag(options, 'samples_save')) {
    for (const [file, bytes] of pictures.entries()) {
      // Pictures that were put together of several are the first one's.
      const { part, index } = images[indexes[file] ?? 0] ?? { part: first, index: 0 }
      const infotext = texts[indexes[file] ?? 0] ?? ''
      await savePicture({ bytes, facts: toFacts(part, index, file), infotext }, settings(part))
    }
  }
  if (!optionFlag(options, 'grid_save')) return
  const { grid } = plan.answer
  // Of a plot without an axis Z the sub grid is the whole.
  const isWhole = grid?.kind === 'plot' && (!grid.hasSubGrids || grid.z.length < 2)
  const shown = isWhole ? grids.slice(0, 1) : grids
  for (const [index, pixels] of shown.entries())
    await saveGrid(
      { pixels, facts: toFacts(first, 0, 0), infotext: gridText(grid, index, texts) },
      settings(first),
      GRID_NAMES[grid?.kind ?? 'square'],
    )
}

/** Plots tell their axes, matrices nothing, the others what their first picture tells. */
function gridText(grid: GridNote | undefined, index: number, texts: readonly string[]): string | undefined {
  if (grid?.kind === 'plot') return grid.texts[index]
  return grid?.kind === 'matrix' ? undefined : texts[0]
}

/** How the original begins the names of scripts' grids. */
const GRID_NAMES = { row: 'grid', square: 'grid', matrix: 'prompt_matrix', plot: 'xyz_grid' } as const
