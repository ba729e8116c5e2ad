import type { ComponentChildren, TargetedEvent } from 'preact'
import { useId } from 'preact/hooks'

/** What every field has. */
interface FieldProps {
  readonly label: string
  readonly hint?: string | undefined
  /** What is wrong with it. */
  readonly fault?: string | undefined
}

interface Described {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean
}

/** A label above its control, with a hint or what is wrong below. */
function Field({
  label,
  hint,
  fault,
  children,
}: FieldProps & { readonly children: (control: Described) => ComponentChildren }) {
  const id = useId()
  const isDescribed = fault !== undefined || hint !== undefined
  const control = {
    id,
    'aria-describedby': isDescribed ? `${id}-more` : undefined,
    'aria-invalid': fault !== undefined,
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(control)}
      {isDescribed && (
        <p id={`${id}-more`} class={fault === undefined ? 'hint' : 'fault'}>
          {fault ?? hint}
        </p>
      )}
    </div>
  )
}

/** A number, with a slider beside it where it has a usual span. */
export interface NumberFieldProps extends FieldProps {
  readonly value: number
  readonly onChange: (value: number) => void
  readonly min: number
  readonly max: number
  readonly step?: number
  readonly hasSlider?: boolean
  readonly children?: ComponentChildren
}

/** A field of a number. What is typed counts when it is a number; limits are the server's to judge, and the arrows'. */
export function NumberField(props: NumberFieldProps) {
  const { value, onChange, min, max, step = 1, hasSlider = false, children, ...field } = props
  const take = (event: TargetedEvent<HTMLInputElement>): void => {
    const next = event.currentTarget.valueAsNumber
    if (Number.isFinite(next)) onChange(next)
  }
  return (
    <Field {...field}>
      {(control) => (
        <div class="number">
          {hasSlider && (
            <input
              class="slider"
              type="range"
              {...{ min, max, step, value }}
              aria-label={field.label}
              tabIndex={-1}
              onInput={take}
            />
          )}
          <input
            {...control}
            type="number"
            inputMode="decimal"
            {...{ min, max, step, value }}
            onInput={take}
          />
          {children}
        </div>
      )}
    </Field>
  )
}

/** A choice; a value that is not among the options stands alone at their front. */
export interface SelectFieldProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly options: readonly (string | { readonly value: string; readonly text: string })[]
}

/** A field of one choice of several. */
export function SelectField({ value, onChange, options, ...field }: SelectFieldProps) {
  const choices = options.map((one) => (typeof one === 'string' ? { value: one, text: one } : one))
  const isKnown = choices.some((one) => one.value === value)
  const shown = isKnown ? choices : [{ value, text: `${value} (not here)` }, ...choices]
  return (
    <Field {...field}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {shown.map((one) => (
            <option key={one.value} value={one.value}>
              {one.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** Text of several lines. */
export interface TextFieldProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly rows: number
  readonly placeholder?: string
  readonly inputRef?: { current: HTMLTextAreaElement | null }
}

/** A field of text of several lines. */
export function TextField({ value, onChange, rows, placeholder, inputRef, ...field }: TextFieldProps) {
  return (
    <Field {...field}>
      {(control) => (
        <textarea
          {...control}
          {...{ rows, value, placeholder }}
          ref={inputRef ?? null}
          spellcheck={false}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  )
}

/** Something that is so or not. */
export interface ToggleProps {
  readonly label: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

/** A box to tick, with its words beside it. */
export function Toggle({ label, isOn, onChange }: ToggleProps) {
  return (
    <label class="toggle">
      <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  )
}
