import { fileURLToPath } from 'node:url'
import type { InlineConfig } from 'vite'

/** The folder of this workspace, with a trailing slash. */
export const CONSOLE_FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** How Vite builds and serves the page. Addresses are relative, so that it works below any prefix of a proxy. */
export function createSettings(): InlineConfig {
  return {
    configFile: false,
    root: CONSOLE_FOLDER,
    base: './',
    logLevel: 'warn',
    // One that stands alone: the workspace's own leads to every other workspace, which images do not hold.
    tsconfig: fileURLToPath(new URL('vite.tsconfig.json', import.meta.url)),
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      // Browsers of 2024 and later.
      target: 'es2023',
      assetsDir: 'console/assets',
      // Its policy allows no picture or script inside the page's text.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  }
}
