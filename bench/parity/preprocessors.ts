/** Compares preprocessors and the resizing of control pictures with the recordings. Run: node --import tsx bench/parity/preprocessors.ts */
import { ResizeMode } from '@atelier/proto'
import { choosePixelPerfect } from '../../apps/gpu-worker/src/engine/control/pixel-perfect.ts'
import { openRecordedMaps } from '../../apps/gpu-worker/src/engine/control/test-kit/recorded-maps.ts'
import { readCases } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { compareCase, findFixtures, report, type Comparison } from './report.ts'

/** Bytes may differ by this much; edges by this share of bytes; these not at all. */
const BYTES = 2
const EDGES = { modules: /^(canny|scribble_xdog)$/, share: 0.005 }
const EXACT = /^(threshold|invert)$/

const comparisons: Comparison[] = []
for (const name of ['preprocessors', 'fitted-maps'] as const) {
  const { cases, compare } = openRecordedMaps(name)
  for (const row of cases) {
    const module = String(row.args['module'] ?? '')
    const group = row.fn === 'detect' ? module : row.fn === 'shuffle' ? 'shuffle' : 'brought to size'
    comparisons.push(
      await compareCase(group, `${row.id} ${JSON.stringify(row.args)}`, () => {
        const { largest, share } = compare(row)
        if (EXACT.test(module)) return largest === 0 ? 0 : Infinity
        return EDGES.modules.test(module) ? share / EDGES.share : largest / BYTES
      }),
    )
  }
}

interface Resolution {
  readonly id: string
  readonly fn: string
  readonly args: {
    readonly image: readonly [number, number]
    readonly target_W: number
    readonly target_H: number
    readonly resize_mode: string
  }
  readonly out: { readonly resolution: number }
}

const folder = findFixtures()
const recorded =
  folder === undefined ? [] : readCases<Resolution>(new URL(`file://${folder}webui-wire/images/images.jsonl`))
for (const { id, args, out } of recorded.filter(({ fn }) => fn === 'pixel_perfect_resolution')) {
  const [width, height] = args.image
  const isFilled = args.resize_mode === 'Resize and Fill'
  const mode = isFilled ? ResizeMode.RESIZE_MODE_FILL : ResizeMode.RESIZE_MODE_CROP
  const target = { width: args.target_W, height: args.target_H }
  comparisons.push(
    await compareCase('pixel perfect', id, () =>
      choosePixelPerfect({ width, height }, target, mode) === out.resolution ? 0 : Infinity,
    ),
  )
}
process.exitCode = report('preprocessors', 'Control pictures', comparisons) ? 0 : 1
