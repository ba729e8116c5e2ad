import { useConsole } from '../state/console.ts'
import type { Size } from '../state/lists.ts'
import { Button } from '../ui/button.tsx'
import { NumberField } from '../ui/fields.tsx'
import { useSetting } from './use-setting.ts'

/** Pixels a latent pixel stands for; sizes go in steps of it. */
const GRAIN = 8
/** Shapes offered beside the checkpoint's own, as width to height. */
const SHAPES = [
  { name: 'Square', ratio: 1 },
  { name: 'Portrait', ratio: 2 / 3 },
  { name: 'Landscape', ratio: 3 / 2 },
] as const

/** Smallest and largest side that is offered, pixels. */
const SIDES = { min: 64, max: 8192 } as const

/** Width and height. */
export function SizePart() {
  const { playground } = useConsole()
  const usual = playground.usualSize.value
  const width = useSetting('width')
  const height = useSetting('height')
  const shown = { width: width.value || usual.width, height: height.value || usual.height }
  const change = (next: Size) => playground.change(next)
  return (
    <div class="size">
      <div class="row">
        <NumberField
          label="Width"
          step={GRAIN}
          {...SIDES}
          {...width}
          value={shown.width}
          onChange={(value) => change({ width: value, height: shown.height })}
        />
        <NumberField
          label="Height"
          step={GRAIN}
          {...SIDES}
          {...height}
          value={shown.height}
          onChange={(value) => change({ width: shown.width, height: value })}
        />
        <Button
          icon="swap"
          label="Swap width and height"
          onClick={() => change({ width: shown.height, height: shown.width })}
        />
      </div>
      <Shapes usual={usual} shown={shown} onChoose={change} />
    </div>
  )
}

interface ShapesProps {
  readonly usual: Size
  readonly shown: Size
  readonly onChoose: (size: Size) => void
}

function Shapes({ usual, shown, onChoose }: ShapesProps) {
  return (
    <div class="chips" role="group" aria-label="Shape">
      {SHAPES.map(({ name, ratio }) => {
        const size = toShape(usual, ratio)
        return (
          <button
            type="button"
            key={name}
            aria-pressed={size.width === shown.width && size.height === shown.height}
            title={`${size.width} × ${size.height}`}
            onClick={() => onChoose(size)}
          >
            {name}
          </button>
        )
      })}
    </div>
  )
}

/** A size of about the checkpoint's area in another shape, in whole 64s where it is large enough. */
function toShape(usual: Size, ratio: number): Size {
  const area = usual.width * usual.height
  const grain = area >= 512 * 512 ? 64 : 32
  const round = (side: number) => Math.max(grain, Math.round(side / grain) * grain)
  return { width: round(Math.sqrt(area * ratio)), height: round(Math.sqrt(area / ratio)) }
}
