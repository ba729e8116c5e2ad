import { useConsole } from '../state/console.ts'
import type { Mode } from './settings.ts'

const MODES: readonly { readonly mode: Mode; readonly name: string }[] = [
  { mode: 'text', name: 'Text to image' },
  { mode: 'image', name: 'Image to image' },
  { mode: 'upscale', name: 'Upscale' },
]

/** What is made. */
export function ModePicker() {
  const { playground } = useConsole()
  return (
    <fieldset class="modes">
      <legend class="hidden">Kind of work</legend>
      {MODES.map(({ mode, name }) => (
        <label key={mode}>
          <input
            type="radio"
            name="mode"
            checked={playground.settings.value.mode === mode}
            onChange={() => playground.change({ mode })}
          />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  )
}
