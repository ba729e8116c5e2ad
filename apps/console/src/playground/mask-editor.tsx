import { useEffect, useRef, useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import type { SourcePicture, Stroke } from '../state/playground.ts'
import { Button } from '../ui/button.tsx'
import { drawStrokes } from './draw-mask.ts'

/** The brush at first, as a share of the picture's longer side. */
const USUAL_BRUSH = 0.08

/** Shows the source and takes a mask on it: what is painted is drawn anew, nothing painted means all of it. */
export function MaskEditor({ source }: { readonly source: SourcePicture }) {
  const { playground } = useConsole()
  const [brush, setBrush] = useState(USUAL_BRUSH)
  const [isErasing, setErasing] = useState(false)
  const diameter = Math.max(1, brush * Math.max(source.width, source.height))
  return (
    <div class="mask">
      <MaskCanvas source={source} diameter={diameter} isErasing={isErasing} />
      <div class="mask-tools" role="group" aria-label="Mask">
        <label class="brush">
          <span>Brush</span>
          <input
            type="range"
            min={0.01}
            max={0.4}
            step={0.01}
            value={brush}
            onInput={(event) => setBrush(event.currentTarget.valueAsNumber)}
          />
        </label>
        <Button kind="quiet" isPressed={isErasing} onClick={() => setErasing(!isErasing)}>
          Eraser
        </Button>
        <StrokeButtons />
      </div>
      <p class="hint">
        {playground.strokes.value.length === 0
          ? `${source.width} × ${source.height}. All of it is drawn over; paint to redraw a part.`
          : 'What is painted is drawn anew.'}
      </p>
    </div>
  )
}

/** What takes strokes away, and the picture with them. */
function StrokeButtons() {
  const { playground } = useConsole()
  const strokes = playground.strokes.value
  const isUnpainted = strokes.length === 0
  const keep = (kept: readonly Stroke[]): void => void (playground.strokes.value = kept)
  const remove = (): void => {
    playground.source.value = undefined
    keep([])
  }
  return (
    <>
      <Button
        kind="quiet"
        icon="undo"
        label="Undo the last stroke"
        isDisabled={isUnpainted}
        onClick={() => keep(strokes.slice(0, -1))}
      />
      <Button kind="quiet" isDisabled={isUnpainted} onClick={() => keep([])}>
        Clear
      </Button>
      <Button kind="quiet" icon="trash" label="Remove the source picture" onClick={remove} />
    </>
  )
}

interface CanvasProps {
  readonly source: SourcePicture
  readonly diameter: number
  readonly isErasing: boolean
}

function MaskCanvas({ source, diameter, isErasing }: CanvasProps) {
  const { playground } = useConsole()
  const canvas = useRef<HTMLCanvasElement>(null)
  const strokes = playground.strokes.value
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (context === null || context === undefined) return
    context.clearRect(0, 0, source.width, source.height)
    drawStrokes(context, strokes, '#e0445c')
  }, [strokes, source])

  const toPoint = (event: PointerEvent): readonly [number, number] => {
    const box = canvas.current!.getBoundingClientRect()
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    return [x * source.width, y * source.height]
  }
  const begin = (event: PointerEvent): void => {
    event.preventDefault()
    canvas.current?.setPointerCapture(event.pointerId)
    const stroke: Stroke = { points: [toPoint(event)], diameter, isErasing }
    playground.strokes.value = [...playground.strokes.peek(), stroke]
  }
  const goOn = (event: PointerEvent): void => {
    if (canvas.current?.hasPointerCapture(event.pointerId) !== true) return
    const drawn = playground.strokes.peek()
    const last = drawn.at(-1)
    if (last === undefined) return
    playground.strokes.value = [...drawn.slice(0, -1), { ...last, points: [...last.points, toPoint(event)] }]
  }
  return (
    <div class="mask-canvas">
      <img src={source.dataUrl} alt={`Source picture, ${source.name}`} draggable={false} />
      <canvas
        ref={canvas}
        width={source.width}
        height={source.height}
        onPointerDown={begin}
        onPointerMove={goOn}
        aria-label="Mask over the source picture; paint with a pointer"
        role="img"
      />
    </div>
  )
}
