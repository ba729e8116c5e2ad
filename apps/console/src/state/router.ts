import { signal, type ReadonlySignal } from '@preact/signals'

/** The parts of the page, in the order of its menu. */
export const ROUTES = ['playground', 'queue', 'workers', 'models'] as const

/** A part of the page. */
export type Route = (typeof ROUTES)[number]

/** Which part is shown; it is kept in the address, behind the hash, which needs nothing of the server. */
export interface Router {
  readonly route: ReadonlySignal<Route>
  go(route: Route): void
}

/** The address of a part. */
export function toAddress(route: Route): string {
  return `#/${route === 'playground' ? '' : route}`
}

/** Makes the router; it lives as long as the page. */
export function createRouter(): Router {
  const read = (): Route => {
    const name = location.hash.replace(/^#\/?/, '')
    return ROUTES.find((route) => route === name) ?? 'playground'
  }
  const route = signal(read())
  addEventListener('hashchange', () => (route.value = read()))
  return {
    route,
    go: (next) => {
      location.hash = toAddress(next)
    },
  }
}
