/** Compares tokens, prompt grammars, conditioning and infotexts with the recordings. Run: node --import tsx bench/parity/text.ts */
import { findFixtures, report } from './report.ts'
import { compareConditioning } from './text-conditioning.ts'
import { compareInfotexts } from './text-infotext.ts'
import { comparePrompts } from './text-prompts.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const comparisons = [
  ...(await comparePrompts(folder)),
  ...(await compareInfotexts(folder)),
  ...(await compareConditioning(folder)),
]
process.exitCode = report('text', 'Text: tokens, prompts, conditioning, infotexts', comparisons) ? 0 : 1
