import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { createClient, type Client } from '../api/client.ts'
import { createJobsStore, type JobsStore } from './jobs.ts'
import { createListsStore, type ListsStore } from './lists.ts'
import { createPictureStore, type PictureStore } from './pictures.ts'
import { createPlaygroundStore, type PlaygroundStore } from './playground.ts'
import { createRouter, type Router } from './router.ts'
import { createSessionStore, type SessionStore } from './session.ts'
import { createTextStore } from './storage.ts'
import { createTheme, type ThemeStore } from './theme.ts'

/** Everything the page's parts share. Made once, by main. */
export interface Console {
  /** Address that the server's routes are below, with a trailing slash. */
  readonly base: string
  readonly client: Client
  readonly session: SessionStore
  readonly jobs: JobsStore
  readonly lists: ListsStore
  readonly pictures: PictureStore
  readonly playground: PlaygroundStore
  readonly router: Router
  readonly theme: ThemeStore
}

/** Makes the page's state. */
export function createConsole(): Console {
  // The page is at `/` or `/console`, perhaps below a proxy's prefix: routes are beside it.
  const base = new URL('.', location.href.replace(/[?#].*/, '')).href
  const tab = createTextStore(() => sessionStorage)
  const browser = createTextStore(() => localStorage)
  const session = createSessionStore({ base, tab, browser })
  const client = createClient({ base, credentials: session.headers, onRefused: () => void session.refresh() })
  const jobs = createJobsStore(client)
  const lists = createListsStore(client)
  return {
    ...{ base, client, session, jobs, lists },
    pictures: createPictureStore(client),
    playground: createPlaygroundStore({ client, jobs, lists, browser, tab }),
    router: createRouter(),
    theme: createTheme(browser),
  }
}

/** Hands the state down the page. */
export const ConsoleContext = createContext<Console | undefined>(undefined)

/** The page's state. */
export function useConsole(): Console {
  const state = useContext(ConsoleContext)
  if (state === undefined) throw new Error('a part of the page stands outside of it')
  return state
}
