import { effect, signal, type ReadonlySignal } from '@preact/signals'
import type { TextStore } from './storage.ts'

const THEMES = ['system', 'light', 'dark'] as const

/** How the page is coloured. */
export type Theme = (typeof THEMES)[number]

/** The colours chosen; kept in the browser. */
export interface ThemeStore {
  readonly theme: ReadonlySignal<Theme>
  /** Goes to the next one. */
  next(): void
}

/** Makes the store and colours the page. */
export function createTheme(browser: TextStore): ThemeStore {
  const kept = browser.read('theme')
  const theme = signal<Theme>(THEMES.find((one) => one === kept) ?? 'system')
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value
  })
  return {
    theme,
    next() {
      theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
      browser.write('theme', theme.value)
    },
  }
}
