import type { ComponentChildren } from 'preact'
import { useConsole } from './state/console.ts'
import { ROUTES, toAddress } from './state/router.ts'
import { Button } from './ui/button.tsx'

const NAMES = { playground: 'Playground', queue: 'Queue', workers: 'Workers', models: 'Models' } as const
const THEME_ICONS = { system: 'auto', light: 'sun', dark: 'moon' } as const

/** What surrounds every part: the menu, how things stand, who asks. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <header class="top">
        <a class="brand" href={toAddress('playground')} aria-label="Atelier, playground">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M8 24 16 8l8 16" />
            <circle cx="16" cy="20" r="2.6" />
          </svg>
          <span>Atelier</span>
        </a>
        <Menu />
        <Standing />
      </header>
      {children}
    </>
  )
}

function Menu() {
  const { router, jobs } = useConsole()
  const waiting = jobs.open.value.length
  return (
    <nav aria-label="Parts of this page">
      {ROUTES.map((route) => (
        <a
          key={route}
          href={toAddress(route)}
          aria-current={router.route.value === route ? 'page' : undefined}
        >
          {NAMES[route]}
          {route === 'queue' && waiting > 0 && (
            <span class="count" aria-label={`${waiting} open`}>
              {waiting}
            </span>
          )}
        </a>
      ))}
    </nav>
  )
}

function Standing() {
  const { base, session, theme } = useConsole()
  const known = session.session.value
  return (
    <div class="standing">
      <ConnectionMark />
      <a class="quiet-link" href={new URL('docs', base).href} target="_blank" rel="noreferrer">
        API
      </a>
      <Button
        kind="quiet"
        icon={THEME_ICONS[theme.theme.value]}
        label={`Colours: ${theme.theme.value}`}
        onClick={theme.next}
      />
      {known !== undefined && known.authentication !== 'none' && (
        <>
          <span class="tenant" title="Tenant">
            {known.tenant}
          </span>
          <Button kind="quiet" icon="leave" label="Sign out" onClick={session.logout} />
        </>
      )}
    </div>
  )
}

const CONNECTION_WORDS = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'The server cannot be reached; trying again…',
} as const

function ConnectionMark() {
  const { jobs } = useConsole()
  const connection = jobs.connection.value
  return (
    <span class={`connection ${connection}`} role="status" title={CONNECTION_WORDS[connection]}>
      <span class={connection === 'lost' ? '' : 'hidden'}>{CONNECTION_WORDS[connection]}</span>
    </span>
  )
}
