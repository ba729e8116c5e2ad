import type { InfotextReading } from './parse-infotext.ts'
import { optionFlag, optionText, type Options } from '../options/options-store.ts'
import type { PromptStyle } from '../styles.ts'

/** How a tenant's options want infotexts read. */
export function toInfotextReading(options: Options, styles: readonly PromptStyle[]): InfotextReading {
  const skipped = options.get('infotext_skip_pasting')
  return {
    styleMode: optionText(options, 'infotext_styles') as InfotextReading['styleMode'],
    styles,
    skippedKeys: Array.isArray(skipped) ? skipped.map(String) : [],
    usesOldHiresSize: optionFlag(options, 'use_old_hires_fix_width_height'),
    addsBackwardCompatibility: optionFlag(options, 'auto_backcompat'),
  }
}
