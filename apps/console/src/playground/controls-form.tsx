import type { TargetedSubmitEvent } from 'preact'
import { useConsole } from '../state/console.ts'
import { PictureChooser } from '../ui/picture-chooser.tsx'
import { readDataUrl } from '../ui/read-picture.ts'
import { HiresPart } from './hires-part.tsx'
import { ModePicker } from './mode-picker.tsx'
import { PromptPart } from './prompt-part.tsx'
import { SamplingPart } from './sampling-part.tsx'
import { SourcePart } from './source-part.tsx'
import { UpscalePart } from './upscale-part.tsx'

/** Everything that is asked for. */
export function ControlsForm({ onGenerate }: { readonly onGenerate: () => void }) {
  const { playground } = useConsole()
  const { mode } = playground.settings.value
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    onGenerate()
  }
  return (
    <form class="controls" onSubmit={submit} noValidate aria-label="What is to be made">
      <div class="controls-scroll">
        <ModePicker />
        {mode !== 'text' && <SourcePart />}
        {mode === 'upscale' ? (
          <UpscalePart />
        ) : (
          <>
            <PromptPart />
            <SamplingPart />
            {mode === 'text' && <HiresPart />}
          </>
        )}
      </div>
      <SendBar />
    </form>
  )
}

/** What is wrong, and the button that sends. */
function SendBar() {
  const { playground, jobs } = useConsole()
  const { mode } = playground.settings.value
  const fault = playground.fault.value
  const isMissingSource = mode !== 'text' && playground.source.value === undefined
  const isLost = jobs.connection.value === 'lost'
  return (
    <div class="send">
      {fault !== undefined && (
        <p class="fault" role="alert">
          {fault.message}
        </p>
      )}
      <div class="send-row">
        <button
          type="submit"
          class="button main generate"
          disabled={playground.isSending.value || isMissingSource || isLost}
          aria-keyshortcuts="Control+Enter"
        >
          {mode === 'upscale' ? 'Enlarge' : 'Generate'}
          <kbd aria-hidden="true">Ctrl ↵</kbd>
        </button>
        <ReadSettings />
      </div>
      {isMissingSource && <p class="hint">Choose a picture first.</p>}
    </div>
  )
}

/** Fills the form from a picture's own text: for those who cannot or do not want to drop one. */
function ReadSettings() {
  const { playground } = useConsole()
  return (
    <PictureChooser
      name="Picture to read settings from"
      onChoose={(file) => void readDataUrl(file).then(playground.reuse)}
      icon="reuse"
      label="Read settings from a picture"
      title="Read settings from a picture (or drop one on the page)"
    />
  )
}
