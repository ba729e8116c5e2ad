import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

/** A window over the page. */
export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** A window over the page: the rest is out of reach until it is closed, by Escape too. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const closeFromOutside = (event: MouseEvent): void => {
    if (event.target === dialog.current) onClose()
  }
  return (
    <dialog ref={dialog} class="dialog" aria-label={title} onClose={onClose} onClick={closeFromOutside}>
      <div class="dialog-body">
        <header>
          <h2>{title}</h2>
          <Button kind="quiet" icon="close" label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
