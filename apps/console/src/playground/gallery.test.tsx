// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'
import { toJob } from '../test-kit/scripted-server.ts'

const ended = [
  toJob({ id: 'two', prompt: 'two dogs', state: 'done', image_count: 2 }),
  toJob({ id: 'graph', prompt: 'a graph', state: 'done', image_count: 1, surface: 'comfy' }),
  toJob({ id: 'none', prompt: 'nothing', state: 'failed' }),
  toJob({ id: 'one', prompt: 'one cat', state: 'done', image_count: 1 }),
]
const gallery = async () => within(await screen.findByRole('region', { name: 'Newest pictures' }))

describe('the gallery', () => {
  it("shows every picture of this page's surface, the newest chosen", async () => {
    openPage({ ended })
    const buttons = (await gallery()).getAllByRole('button')
    expect(buttons.map((button) => button.getAttribute('aria-label'))).toEqual([
      'Show: two dogs',
      'Show: two dogs',
      'Show: one cat',
    ])
    expect(buttons.map((button) => button.getAttribute('aria-current'))).toEqual(['true', 'false', 'false'])
  })

  it('goes on by the arrows and stops at its ends; the tabulator meets it once', async () => {
    const { user } = openPage({ ended })
    const buttons = (await gallery()).getAllByRole('button')
    await user.click(buttons[0]!)
    await user.keyboard('{ArrowLeft}{ArrowRight}{ArrowRight}{ArrowRight}')
    await screen.findByRole('img', { name: 'Picture of: one cat' })
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Show: one cat')
    expect((await gallery()).getAllByRole('button').map((button) => button.tabIndex)).toEqual([-1, -1, 0])
  })

  it('forgets a picture from the history', async () => {
    const { user, server } = openPage({ ended })
    const actions = await screen.findByRole('group', { name: 'What to do with this picture' })
    await user.click(within(actions).getByRole('button', { name: 'Remove from the history' }))
    await screen.findByRole('img', { name: 'Picture of: one cat' })
    expect(server.findSent('atelier/v1/jobs/forget')[0]?.body).toEqual({ ids: ['two'] })
    expect((await gallery()).getAllByRole('button')).toHaveLength(1)
  })

  it('fills the form from what a picture says, and says what could not be taken', async () => {
    const { user, server } = openPage({ ended })
    server.answer('sdapi/v1/png-info', () =>
      Response.json({
        info: 'a fox\nSteps: 9',
        parameters: { Prompt: 'a fox', Steps: '9', Sampler: 'Unheard of', 'CFG scale': '5.5' },
      }),
    )
    await user.click(await screen.findByRole('button', { name: 'Reuse settings' }))
    await waitFor(() => expect(screen.getByLabelText('Prompt')).toHaveProperty('value', 'a fox'))
    expect(screen.getByRole('spinbutton', { name: 'Steps' })).toHaveProperty('value', '9')
    await screen.findAllByText(/The form says what the picture said\..*Unheard of/)
  })

  it('says when a picture does not tell how it was made, and when it is gone', async () => {
    const { user, server } = openPage({ ended })
    server.answer('sdapi/v1/png-info', () => Response.json({ info: '', parameters: {} }))
    await user.click(await screen.findByRole('button', { name: 'Reuse settings' }))
    await screen.findAllByText('This picture does not say how it was made.')
    server.answer('atelier/v1/jobs/one/images/0', () => Response.json({ detail: 'gone' }, { status: 404 }))
    await user.click((await gallery()).getAllByRole('button')[2]!)
    await screen.findAllByText('gone')
  })
})
