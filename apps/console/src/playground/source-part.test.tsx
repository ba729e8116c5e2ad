// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/dom'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'

/** A browser that reads pictures of this size, or none, and follows a pointer over 100 by 50 pixels. */
function standIn(size: { readonly width: number; readonly height: number } | undefined): void {
  vi.stubGlobal('createImageBitmap', async () => {
    if (size === undefined) throw new Error('no picture')
    return { ...size, close: () => undefined }
  })
  const { prototype } = HTMLCanvasElement
  vi.spyOn(prototype, 'getBoundingClientRect').mockReturnValue({
    left: 0,
    top: 0,
    width: 100,
    height: 50,
  } as DOMRect)
  Object.assign(prototype, { setPointerCapture: () => undefined, hasPointerCapture: () => true })
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
}

async function openWithSource(size: { readonly width: number; readonly height: number } | undefined) {
  const page = openPage()
  standIn(size)
  await page.user.click(await screen.findByRole('radio', { name: 'Image to image' }))
  const file = new File(['picture'], 'cat.png', { type: 'image/png' })
  await page.user.upload(await screen.findByLabelText('Source picture'), file)
  return page
}

describe('the source of a picture', () => {
  it('is shown with its size, and can be removed', async () => {
    const { user } = await openWithSource({ width: 640, height: 320 })
    await screen.findByRole('img', { name: 'Source picture, cat.png' })
    screen.getByText(/^640 × 320\. All of it is drawn over/)
    expect(screen.getByRole('button', { name: /^Generate/ })).toHaveProperty('disabled', false)
    await user.click(screen.getByRole('button', { name: 'Remove the source picture' }))
    await screen.findByText('Choose a picture first.')
  })

  it('is said to be no picture where the browser cannot read it', async () => {
    await openWithSource(undefined)
    const alerts = await screen.findAllByRole('alert')
    expect(alerts.map(({ textContent }) => textContent)).toContain(
      '“cat.png” is no picture this browser can read.',
    )
  })

  it('has settings of its mask once something is painted, and none when that is taken back', async () => {
    const { user } = await openWithSource({ width: 640, height: 320 })
    const canvas = await screen.findByRole('img', { name: /^Mask over/ })
    expect(screen.queryByLabelText('Masked content')).toBeNull()
    expect(screen.getByRole('button', { name: 'Clear' })).toHaveProperty('disabled', true)
    fireEvent.pointerDown(canvas, { clientX: 10, clientY: 10, pointerId: 1 })
    fireEvent.pointerMove(canvas, { clientX: 20, clientY: 10, pointerId: 1 })
    fireEvent.pointerDown(canvas, { clientX: 30, clientY: 10, pointerId: 1 })
    await screen.findByLabelText('Masked content')
    screen.getByText('What is painted is drawn anew.')
    await user.click(screen.getByRole('button', { name: 'Undo the last stroke' }))
    expect(screen.queryByLabelText('Masked content'), 'one stroke is left').not.toBeNull()
    await user.click(screen.getByRole('button', { name: 'Undo the last stroke' }))
    await waitFor(() => expect(screen.queryByLabelText('Masked content')).toBeNull())
  })

  it('asks for the padding only where the masked part alone is drawn', async () => {
    const { user } = await openWithSource({ width: 640, height: 320 })
    fireEvent.pointerDown(await screen.findByRole('img', { name: /^Mask over/ }), { pointerId: 1 })
    const isAlone = (await screen.findByRole('checkbox', {
      name: 'Draw only the masked part, at full size',
    })) as HTMLInputElement
    const hasPadding = () => screen.queryByLabelText('Padding') !== null
    expect(hasPadding()).toBe(isAlone.checked)
    await user.click(isAlone)
    await waitFor(() => expect(hasPadding()).toBe(isAlone.checked))
  })
})
