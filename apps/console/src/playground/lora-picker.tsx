import { useId, useState } from 'preact/hooks'
import type { LoraChoice } from '../state/lists.ts'
import { Dialog } from '../ui/dialog.tsx'
import { NumberField } from '../ui/fields.tsx'

/** What the picker needs. */
export interface LoraPickerProps {
  readonly loras: readonly LoraChoice[]
  /** Hears the text that goes into the prompt. */
  readonly onPick: (text: string) => void
  readonly onClose: () => void
}

/** Chooses a LoRA and how strongly it acts. */
export function LoraPicker({ loras, onPick, onClose }: LoraPickerProps) {
  const [wanted, setWanted] = useState('')
  const [strength, setStrength] = useState(1)
  const id = useId()
  const words = wanted.toLowerCase().split(/\s+/)
  const found = loras.filter(({ name, alias }) => {
    const text = `${name} ${alias}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  return (
    <Dialog title="LoRA" onClose={onClose}>
      <div class="row">
        <div class="field">
          <label for={id}>Search</label>
          <input
            id={id}
            type="search"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        </div>
        <NumberField label="Strength" min={-2} max={2} step={0.05} value={strength} onChange={setStrength} />
      </div>
      <ul class="picks" aria-label="Files">
        {found.map(({ name, alias }) => (
          <li key={name}>
            <button type="button" onClick={() => onPick(`<lora:${name}:${strength}>`)}>
              {name}
              {alias !== name && <span class="muted">{alias}</span>}
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="muted">None fits.</p>}
    </Dialog>
  )
}
