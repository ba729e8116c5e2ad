import type { ComponentChildren, TargetedEvent } from 'preact'
import { useRef } from 'preact/hooks'
import { Button } from './button.tsx'
import type { IconName } from './icons.tsx'

/** A button that lets a picture file be chosen. */
export interface PictureChooserProps {
  /** What the picture is for. */
  readonly name: string
  readonly onChoose: (file: File) => void
  readonly icon: IconName
  /** What the button says, or does where it is an icon alone. */
  readonly children?: ComponentChildren
  readonly label?: string
  readonly title?: string
}

/** Opens the browser's choice of files; the same file can be chosen again. */
export function PictureChooser({ name, onChoose, ...button }: PictureChooserProps) {
  const input = useRef<HTMLInputElement>(null)
  const take = (event: TargetedEvent<HTMLInputElement>): void => {
    const file = event.currentTarget.files?.[0]
    if (file !== undefined) onChoose(file)
    event.currentTarget.value = ''
  }
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/*"
        class="hidden"
        tabIndex={-1}
        aria-label={name}
        onChange={take}
      />
      <Button {...button} onClick={() => input.current?.click()} />
    </>
  )
}
