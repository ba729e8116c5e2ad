import type { Size } from '../state/lists.ts'
import type { Stroke } from '../state/playground.ts'

/** Draws strokes on a canvas whose grid is the source's; `color` is what is drawn anew. */
export function drawStrokes(
  context: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  color: string,
): void {
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.strokeStyle = color
  for (const { points, diameter, isErasing } of strokes) {
    const [first, ...rest] = points
    if (first === undefined) continue
    context.globalCompositeOperation = isErasing ? 'destination-out' : 'source-over'
    context.lineWidth = diameter
    context.beginPath()
    context.moveTo(...first)
    // A point alone is a dot.
    for (const point of rest.length === 0 ? [first] : rest) context.lineTo(...point)
    context.stroke()
  }
  context.globalCompositeOperation = 'source-over'
}

/** The mask as requests carry it: a PNG of the source's size, white where it is drawn anew. */
export function drawMask({ width, height }: Size, strokes: readonly Stroke[]): string {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser draws nothing')
  drawStrokes(context, strokes, '#fff')
  context.globalCompositeOperation = 'destination-over'
  context.fillStyle = '#000'
  context.fillRect(0, 0, width, height)
  return canvas.toDataURL('image/png')
}
