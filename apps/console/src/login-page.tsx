import type { Session } from '@atelier/catalog/atelier-api'
import { useId, useState } from 'preact/hooks'
import type { TargetedSubmitEvent } from 'preact'
import { useConsole } from './state/console.ts'
import { toKeyHeaders, toPasswordHeaders } from './state/session.ts'

/** Asks for what requests must carry. */
export function LoginPage({ authentication }: { readonly authentication: Session['authentication'] }) {
  const { session } = useConsole()
  const [isSending, setSending] = useState(false)
  const isKey = authentication === 'key'
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '')
    const headers = isKey ? toKeyHeaders(text('key')) : toPasswordHeaders(text('user'), text('password'))
    setSending(true)
    await session.login(headers, form.has('remember'))
    setSending(false)
  }
  const fault = session.fault.value
  return (
    <main class="lonely">
      <form class="login panel" onSubmit={(event) => void submit(event)}>
        <h1>Atelier</h1>
        <p class="muted">
          {isKey ? 'This server asks for an API key.' : 'This server asks for a user and a password.'}
        </p>
        {isKey ? (
          <Entry name="key" label="API key" type="password" autocomplete="off" hasFocus />
        ) : (
          <>
            <Entry name="user" label="User" type="text" autocomplete="username" hasFocus />
            <Entry name="password" label="Password" type="password" autocomplete="current-password" />
          </>
        )}
        <label class="toggle">
          <input type="checkbox" name="remember" />
          <span>Keep it after this tab is closed</span>
        </label>
        <p class="fault" role="alert">
          {fault}
        </p>
        <button type="submit" class="button main" disabled={isSending}>
          Sign in
        </button>
      </form>
    </main>
  )
}

interface EntryProps {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'password'
  readonly autocomplete: string
  readonly hasFocus?: boolean
}

function Entry({ name, label, type, autocomplete, hasFocus = false }: EntryProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'text' ? (
        <input {...{ id, name, autocomplete }} type="text" required autofocus={hasFocus} />
      ) : (
        <input {...{ id, name, autocomplete }} type="password" required autofocus={hasFocus} />
      )}
    </div>
  )
}
