import { configure, screen } from '@testing-library/dom'
import { userEvent, type UserEvent } from '@testing-library/user-event'
import { render } from 'preact'
import { onTestFinished, vi } from 'vitest'
import { App } from '../app.tsx'
import { ConsoleContext, createConsole } from '../state/console.ts'
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
  type ServerState,
} from './scripted-server.ts'

/** Longest wait for what a test expects to see, milliseconds: machines that test are busy. */
const LIMIT_MS = 15_000

/** The whole page, in a document of its own. */
export interface OpenPage {
  readonly user: UserEvent
  readonly server: ScriptedServer
  /** Goes to another part by the menu. */
  go(part: string): Promise<void>
}

/**
 * Opens the page as a browser does, over a scripted server; it is closed when the test has ended.
 * @param answers to requests whose path begins so, from the first one on
 */
export function openPage(
  changes: Partial<ServerState> = {},
  answers: Readonly<Record<string, Answer>> = {},
): OpenPage {
  configure({ asyncUtilTimeout: LIMIT_MS })
  const server = createScriptedServer(changes)
  for (const [start, answer] of Object.entries(answers)) server.answer(start, answer)
  vi.stubGlobal('fetch', server.fetch)
  location.hash = ''
  const place = document.body.appendChild(document.createElement('div'))
  const state = createConsole()
  void state.session.refresh()
  render(
    <ConsoleContext.Provider value={state}>
      <App />
    </ConsoleContext.Provider>,
    place,
  )
  onTestFinished(() => {
    render(null, place)
    place.remove()
    localStorage.clear()
    sessionStorage.clear()
    vi.unstubAllGlobals()
  })
  const user = userEvent.setup()
  return {
    ...{ user, server },
    go: async (part) => user.click(await screen.findByRole('link', { name: new RegExp(`^${part}`) })),
  }
}
