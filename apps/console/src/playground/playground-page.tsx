import { useEffect } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import { readDataUrl } from '../ui/read-picture.ts'
import { usePictureDrop } from '../ui/use-picture-drop.ts'
import { ControlsForm } from './controls-form.tsx'
import { drawMask } from './draw-mask.ts'
import { Gallery } from './gallery.tsx'
import { Stage } from './stage.tsx'

/** Makes pictures: what is wanted at the left, what comes of it at the right. */
export function PlaygroundPage() {
  const { playground } = useConsole()
  const generate = useGenerate()
  useKeys(generate)
  const drop = usePictureDrop((file) => void readDataUrl(file).then(playground.reuse))
  return (
    <div class={`playground-parts${drop.isOver ? ' drop-over' : ''}`} {...drop.handlers}>
      <h1 class="hidden">Playground</h1>
      <ControlsForm onGenerate={generate} />
      <div class="outcome">
        <p class="hidden" role="status" aria-live="polite">
          {playground.notice.value}
        </p>
        <Stage />
        <Gallery />
      </div>
    </div>
  )
}

/** Sends the form, with the mask as it is drawn now. */
function useGenerate(): () => void {
  const { playground } = useConsole()
  return () => {
    if (playground.isSending.value) return
    const source = playground.source.value
    const strokes = playground.strokes.value
    const isMasked = playground.settings.value.mode === 'image' && source !== undefined && strokes.length > 0
    void playground.generate(isMasked ? drawMask(source, strokes) : undefined)
  }
}

/** A1111's keys: Ctrl+Enter sends, Alt+Enter skips, Escape interrupts. */
function useKeys(generate: () => void): void {
  const { playground, jobs } = useConsole()
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      const running = playground.current.peek()
      const isDialogOpen = document.querySelector('dialog[open]') !== null
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        generate()
      } else if (event.key === 'Enter' && event.altKey && running !== undefined) {
        event.preventDefault()
        void jobs.skip(running.id).catch(() => undefined)
      } else if (event.key === 'Escape' && running !== undefined && !isDialogOpen) {
        void jobs.cancel(running.id).catch(() => undefined)
      }
    }
    addEventListener('keydown', hear)
    return () => removeEventListener('keydown', hear)
  }, [generate])
}
