import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAtelier, type Atelier } from './kit/atelier.ts'
import { findBarriers, hasBrowser, launchBrowser, openPage, type WatchedPage } from './kit/browser.ts'

// The web page in a browser, against `npm start` with the demo checkpoint and API keys. The tests follow each other, as
// somebody at the page would.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Longest wait for a picture, milliseconds: a busy machine draws slowly. */
const PICTURE_LIMIT_MS = 90_000
/** Steps of a job that is to be stopped: more than it gets to. */
const LONG = 150
/** Side of pictures whose making is watched, pixels: a fast machine is done with small ones before anybody sees it. */
const SLOW_SIDE = 768

describe.skipIf(!hasBrowser())('the web page', () => {
  let atelier: Atelier
  let browser: Browser
  let folder: string
  let watched: WatchedPage
  let page: Page
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-page-'))
    writeFileSync(join(folder, 'keys'), 'key-studio studio\nkey-guest guest\n')
    mkdirSync(join(folder, 'models', 'Stable-diffusion'), { recursive: true })
    writeFileSync(join(folder, 'models', 'Stable-diffusion', 'broken.safetensors'), 'no model at all')
    execFileSync(process.execPath, ['--import', 'tsx', 'apps/console/build/build-console.ts', '--strict'], {
      cwd: ROOT,
    })
    const settings = { ATELIER_API_KEYS: join(folder, 'keys'), ATELIER_MODELS: join(folder, 'models') }
    atelier = await startAtelier({ ...settings, ATELIER_SLOTS: '1' })
    browser = await launchBrowser()
    watched = await openPage(browser, `${atelier.webui}/`)
    page = watched.page
    page.setDefaultTimeout(30_000)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    expect(await atelier?.stop()).toBe(0)
    rmSync(folder, { recursive: true, force: true })
  }, 90_000)

  const set = (name: string, value: string | number) =>
    page.getByLabel(name, { exact: true }).fill(String(value))
  const number = (name: string) => page.getByRole('spinbutton', { name, exact: true })
  const go = async (name: string) => {
    await page.getByRole('navigation').getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  const size = async (side: number) => {
    await number('Width').fill(String(side))
    await number('Height').fill(String(side))
  }
  const picture = (name: RegExp) => page.getByRole('figure').getByRole('img', { name })

  it('asks for a key, says when it is wrong, and shows whom it stands for', async () => {
    await page.getByLabel('API key').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByLabel('API key').fill('key-studio')
    await page.keyboard.press('Enter')
    await page.getByTitle('Tenant').filter({ hasText: 'studio' }).waitFor()
    await page.reload()
    await page.getByTitle('Tenant').filter({ hasText: 'studio' }).waitFor()
  })

  it('makes a picture, shows how far it is and how it was made', async () => {
    await page.getByRole('combobox', { name: 'Checkpoint' }).getByText('demo').waitFor({ state: 'attached' })
    await set('Prompt', 'a cat face')
    await number('Steps').fill('16')
    await number('Seed').fill('4')
    await size(SLOW_SIDE)
    await page.keyboard.press('Control+Enter')
    await page.getByRole('progressbar').waitFor()
    await page.getByText(/Step \d+ of 16/).waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.getByRole('img', { name: 'Preview' }).waitFor({ timeout: PICTURE_LIMIT_MS })
    await picture(/a cat face/).waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.getByText(/^a cat face\s+Steps: 16, .*Seed: 4, Size: 768x768/).waitFor()
    expect(await findBarriers(page)).toEqual([])
  })

  it('fills the form from a picture of the gallery, and from a file', async () => {
    const read = async () => [
      await page.getByLabel('Prompt', { exact: true }).inputValue(),
      await number('Steps').inputValue(),
      await number('Seed').inputValue(),
    ]
    const spoil = async () => {
      await set('Prompt', 'something else')
      await number('Steps').fill('3')
      await page.getByRole('button', { name: 'Random seed' }).click()
    }
    const said = page.locator('.notice', { hasText: 'The form says what the picture said.' })
    await spoil()
    await page.getByRole('button', { name: 'Reuse settings' }).click()
    await said.waitFor()
    expect(await read()).toEqual(['a cat face', '16', '4'])

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/\.png$/)
    await spoil()
    await page.getByLabel('Picture to read settings from').setInputFiles(await download.path())
    await expect.poll(read, { timeout: 20_000 }).toEqual(['a cat face', '16', '4'])
  })

  it('says beside a field what the server does not take', async () => {
    await size(256)
    await number('Height').fill('10000')
    await page.getByRole('button', { name: 'Generate' }).click()
    const height = page.locator('.field', { has: number('Height') })
    await height.getByText('must be at most 8192, got 10000').waitFor()
    expect(await number('Height').getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('button', { name: 'Square' }).click()
    await number('Steps').fill('4')
  })

  it('draws over a masked part of a picture', async () => {
    await page.getByRole('button', { name: 'Draw over' }).click()
    const canvas = page.getByRole('img', { name: /Mask over/ })
    const box = (await canvas.boundingBox())!
    await page.mouse.move(box.x + box.width / 3, box.y + box.height / 3)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 })
    await page.mouse.up()
    await page.getByText('What is painted is drawn anew.').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await set('Prompt', 'a star')
    await page.getByRole('button', { name: 'Generate' }).click()
    await picture(/a star/).waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.getByText(/Denoising strength: 0.75, .*Mask blur: 4/).waitFor()
  })

  it('enlarges a picture', async () => {
    await page.getByRole('group', { name: 'What to do' }).getByRole('button', { name: 'Upscale' }).click()
    await page.getByText('512 × 512 pixels').waitFor()
    await page.getByRole('button', { name: 'Enlarge' }).click()
    await picture(/without a prompt/).waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.getByRole('radio', { name: 'Text to image' }).check()
  })

  it('interrupts what runs', async () => {
    await set('Prompt', 'a long one')
    await number('Steps').fill(String(LONG))
    await size(SLOW_SIDE)
    await page.getByRole('button', { name: 'Generate' }).click()
    await page.getByText(/Step [1-9]\d* of 150/).waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.keyboard.press('Escape')
    await page
      .getByText(/^Interrupted/)
      .first()
      .waitFor({ timeout: PICTURE_LIMIT_MS })
  })

  it('shows the queue, cancels what waits there, and keeps what has become of it', async () => {
    for (const prompt of ['the first', 'the second']) {
      await set('Prompt', prompt)
      await page.getByRole('button', { name: 'Generate' }).click()
      await page
        .getByRole('navigation')
        .getByText(prompt === 'the first' ? '1' : '2')
        .waitFor()
    }
    await go('Queue')
    const open = page.getByRole('list', { name: 'Open jobs' })
    await open.getByText('the first', { exact: true }).waitFor()
    await page.getByText('1 running · 1 waiting').waitFor({ timeout: PICTURE_LIMIT_MS })
    await page.getByRole('button', { name: 'Cancel: the second' }).click()
    await page.getByRole('button', { name: 'Interrupt: the first' }).click()
    await page.getByText('Nothing runs, nothing waits.').waitFor({ timeout: PICTURE_LIMIT_MS })
    const history = page.getByRole('region', { name: 'History' })
    await history.getByRole('listitem').filter({ hasText: 'the second' }).getByText('Cancelled').waitFor()
    await history.getByRole('listitem').filter({ hasText: 'the first' }).getByText('Interrupted').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Remove from the history: the second' }).click()
    await history.getByText('the second').waitFor({ state: 'detached' })
  })

  it('lists workers and models, and says why one cannot be used', async () => {
    await go('Workers')
    await page.getByText('1 alive · 0 of 1 slots busy').waitFor()
    await page.getByRole('definition').filter({ hasText: 'demo.safetensors' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await go('Models')
    const broken = page.getByRole('row').filter({ hasText: 'broken.safetensors' })
    await broken.getByText(/Cannot be used because .{10}/).waitFor()
    await page.getByRole('row').filter({ hasText: 'demo.safetensors' }).getByText('sd1').waitFor()
    await page.getByRole('searchbox').fill('demo')
    await broken.waitFor({ state: 'detached' })
    expect(await findBarriers(page)).toEqual([])
  })

  it('is as good in the dark and on a phone', async () => {
    const options = { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true } as const
    const phone = await openPage(browser, `${atelier.webui}/`, options)
    await phone.page.getByLabel('API key').fill('key-studio')
    await phone.page.getByRole('button', { name: 'Sign in' }).click()
    await phone.page.getByRole('figure').getByRole('img').waitFor()
    expect(await findBarriers(phone.page)).toEqual([])
    const width = await phone.page.evaluate('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(390)
    expect(phone.faults).toEqual([])
  })

  it('shows nothing of one tenant to another', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('API key').fill('key-guest')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByTitle('Tenant').filter({ hasText: 'guest' }).waitFor()
    await go('Queue')
    await page.getByText('Nothing has ended yet.').waitFor()
  })

  it('meets no error, breaks no rule of its policy, and asks nobody but its server', () => {
    // The browser itself tells of the answer that refused the height.
    const refusal = /the server responded with a status of 500/
    expect(watched.faults).toEqual([expect.stringMatching(refusal)])
  })
})
