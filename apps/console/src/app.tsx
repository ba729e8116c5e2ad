import { useEffect, useRef } from 'preact/hooks'
import { LoginPage } from './login-page.tsx'
import { ModelsPage } from './cluster/models-page.tsx'
import { WorkersPage } from './cluster/workers-page.tsx'
import { PlaygroundPage } from './playground/playground-page.tsx'
import { QueuePage } from './queue/queue-page.tsx'
import { Shell } from './shell.tsx'
import { useConsole } from './state/console.ts'
import type { Route } from './state/router.ts'

const PAGES: Readonly<Record<Route, { readonly title: string; readonly show: () => preact.JSX.Element }>> = {
  playground: { title: 'Playground', show: PlaygroundPage },
  queue: { title: 'Queue', show: QueuePage },
  workers: { title: 'Workers', show: WorkersPage },
  models: { title: 'Models', show: ModelsPage },
}

/** The page: what it shows depends on who asks, then on the address. */
export function App() {
  const { session } = useConsole()
  const known = session.session.value
  if (known === undefined) return <Starting />
  return known.tenant === null ? (
    <LoginPage authentication={known.authentication} />
  ) : (
    <Signed key={known.tenant} />
  )
}

function Starting() {
  const { session } = useConsole()
  const fault = session.fault.value
  return (
    <main class="lonely">
      <p role="status">{fault === '' ? 'Starting…' : fault}</p>
      {fault !== '' && (
        <button type="button" class="button main" onClick={() => void session.refresh()}>
          Try again
        </button>
      )}
    </main>
  )
}

/** The page of somebody who may see it: it listens to jobs as long as it is there. */
function Signed() {
  const { jobs, lists, router } = useConsole()
  const route = router.route.value
  const { title, show: Page } = PAGES[route]
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  useEffect(() => jobs.connect(), [])
  useEffect(() => void lists.load().catch(() => undefined), [])
  useEffect(() => {
    document.title = `${title} · Atelier`
    // Who goes to another part by keyboard goes on from there.
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
  }, [route])
  return (
    <Shell>
      <main ref={main} tabIndex={-1} class="page" aria-label={title}>
        <Page />
      </main>
    </Shell>
  )
}
