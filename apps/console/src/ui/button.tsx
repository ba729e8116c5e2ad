import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icons.tsx'

/** A button of the page. */
export interface ButtonProps {
  readonly onClick?: (() => void) | undefined
  readonly children?: ComponentChildren
  readonly icon?: IconName
  readonly kind?: 'main' | 'plain' | 'quiet' | 'danger'
  /** What it does, where it shows an icon alone. */
  readonly label?: string
  readonly isDisabled?: boolean
  readonly type?: 'button' | 'submit'
  readonly title?: string | undefined
  readonly isPressed?: boolean
}

/** A button; with a label and no children it is an icon. */
export function Button(props: ButtonProps) {
  const { onClick, children, icon, kind = 'plain', label, isDisabled = false, type = 'button' } = props
  return (
    <button
      type={type}
      class={`button ${kind}${children === undefined ? ' icon-only' : ''}`}
      onClick={onClick}
      disabled={isDisabled}
      aria-label={label}
      title={props.title ?? label}
      aria-pressed={props.isPressed}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  )
}
