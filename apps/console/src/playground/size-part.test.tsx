// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'
import { toModel } from '../test-kit/scripted-server.ts'

const sizes = () =>
  ['Width', 'Height'].map((name) =>
    Number((screen.getByRole('spinbutton', { name }) as HTMLInputElement).value),
  )
const shapeOf = (name: string) => screen.getByRole('button', { name })

describe('the size of a picture', () => {
  it.each([
    ['512x512', 'Portrait', [448, 640]],
    ['512x512', 'Landscape', [640, 448]],
    ['1024x1024', 'Portrait', [832, 1280]],
    ['256x256', 'Landscape', [320, 224]],
    ['768x640', 'Square', [704, 704]],
  ])('of a checkpoint of %s is as much in the shape %s', async (resolution, shape, expected) => {
    const { user } = openPage({ models: [toModel({ resolution })] })
    await waitFor(() => expect(sizes().join('x')).toBe(resolution))
    await user.click(shapeOf(shape))
    await waitFor(() => expect(sizes()).toEqual(expected))
    expect(shapeOf(shape).getAttribute('aria-pressed')).toBe('true')
  })

  it('is turned by its sides being swapped', async () => {
    const { user } = openPage({ models: [toModel({ resolution: '768x640' })] })
    await waitFor(() => expect(sizes()).toEqual([768, 640]))
    await user.click(screen.getByRole('button', { name: 'Swap width and height' }))
    await waitFor(() => expect(sizes()).toEqual([640, 768]))
  })
})
