import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'

/** Programs that can be driven, in the order they are looked for. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']

/** Where a browser is: ATELIER_BROWSER, then PATH; undefined: nowhere. */
function findBrowser(): string | undefined {
  const { ATELIER_BROWSER, PATH } = process.env
  if (ATELIER_BROWSER !== undefined) return ATELIER_BROWSER
  const folders = (PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path))
}

/**
 * Whether tests that need a browser can run; where there is none they are skipped with a loud line. Not even where tools
 * are required is it a fault: no registry of packages has browsers.
 */
export function hasBrowser(): boolean {
  if (findBrowser() !== undefined) return true
  process.stderr.write(
    '\nSKIPPED, NOT TESTED: the web page: no Chromium in PATH (or ATELIER_BROWSER): apt install chromium\n\n',
  )
  return false
}

/** Starts the browser. */
export function launchBrowser(): Promise<Browser> {
  // The sandbox needs a user that is not root; containers run as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: findBrowser()!, args })
}

/** A page, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page
  /** Errors told in its console (breaches of its policy too), and requests to anybody but its server. */
  readonly faults: readonly string[]
}

/** Opens an address and notes down what goes wrong. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`thrown: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(address) && !/^(blob|data):/.test(url)) faults.push(`asked elsewhere: ${url}`)
  })
  await page.goto(address)
  return { page, faults }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResults {
  readonly violations: readonly {
    id: string
    help: string
    nodes: readonly { target: unknown; failureSummary: string }[]
  }[]
}

/** What axe finds wrong with the page as it is now, in words; WCAG 2.2 A and AA and good practice. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${String(target)}: ${failureSummary}`),
  )
}
