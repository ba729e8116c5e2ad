// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from './test-kit/open-page.tsx'
import type { SentRequest } from './test-kit/scripted-server.ts'

const asked = (authentication: 'key' | 'password') => ({
  session: { authentication, tenant: null, version: '1' },
})
const knows = (header: string, value: string) => (request: SentRequest) =>
  Response.json({
    ...{ authentication: header === 'x-api-key' ? 'key' : 'password', version: '1' },
    tenant: request.headers.get(header) === value ? 'studio' : null,
  })

describe('the page', () => {
  it('asks for a key, says when it is wrong, and carries a right one with every request', async () => {
    const { user, server } = openPage(asked('key'))
    server.answer('atelier/v1/session', knows('x-api-key', 'right'))
    await user.type(await screen.findByLabelText('API key'), 'wrong{Enter}')
    await waitFor(() => expect(screen.getByRole('alert').textContent).toBe('That was not accepted.'))
    await user.clear(screen.getByLabelText('API key'))
    await user.type(screen.getByLabelText('API key'), 'right{Enter}')
    await screen.findByTitle('Tenant')
    await waitFor(() => expect(server.findSent('sdapi/v1/samplers')).toHaveLength(1))
    expect(server.findSent('sdapi/v1/samplers')[0]?.headers.get('x-api-key')).toBe('right')
    expect(localStorage.getItem('atelier.credentials')).toBeNull()
    await user.click(screen.getByRole('button', { name: 'Sign out' }))
    await screen.findByLabelText('API key')
    expect(sessionStorage.getItem('atelier.credentials')).toBeNull()
  })

  it('asks for user and password where those are wanted, and keeps them when told to', async () => {
    const { user, server } = openPage(asked('password'))
    server.answer('atelier/v1/session', knows('authorization', `Basic ${btoa('ann:secret')}`))
    await user.type(await screen.findByLabelText('User'), 'ann')
    await user.type(screen.getByLabelText('Password'), 'secret')
    await user.click(screen.getByRole('checkbox', { name: 'Keep it after this tab is closed' }))
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    await screen.findByTitle('Tenant')
    expect(localStorage.getItem('atelier.credentials')).toContain(btoa('ann:secret'))
  })

  it('asks again who it is when the server no longer takes what it carries', async () => {
    const { server } = openPage()
    await waitFor(() => expect(server.findSent('atelier/v1/session')).toHaveLength(1))
    server.state.session = { authentication: 'key', tenant: null, version: '1' }
    server.answer('atelier/v1/workers', () => Response.json({ detail: 'Unauthorized' }, { status: 401 }))
    location.hash = '#/workers'
    await screen.findByLabelText('API key')
  })

  it('says that the server is away, and tries again when told to', async () => {
    const away = () => Promise.reject(new TypeError('no route'))
    const { user, server } = openPage({}, { 'atelier/v1/session': away })
    await user.click(await screen.findByRole('button', { name: 'Try again' }))
    server.answer('atelier/v1/session', () => Response.json(server.state.session))
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await screen.findByRole('navigation')
  })

  it('names the part that is shown, and gives it the focus when one goes there', async () => {
    const { go } = openPage()
    await screen.findByRole('navigation')
    await waitFor(() => expect(document.title).toBe('Playground · Atelier'))
    await go('Models')
    await waitFor(() => expect(document.title).toBe('Models · Atelier'))
    expect(document.activeElement?.tagName).toBe('MAIN')
    expect(screen.getByRole('link', { name: 'Models' }).getAttribute('aria-current')).toBe('page')
  })

  it('shows the playground for addresses it does not know', async () => {
    openPage()
    location.hash = '#/nowhere'
    await screen.findByRole('heading', { level: 1, name: 'Playground' })
  })

  it('goes through its colours and keeps the choice', async () => {
    const { user } = openPage()
    for (const theme of ['light', 'dark', 'system']) {
      await user.click(await screen.findByRole('button', { name: /^Colours/ }))
      await waitFor(() => expect(document.documentElement.dataset['theme']).toBe(theme))
      expect(localStorage.getItem('atelier.theme')).toBe(theme)
    }
  })
})
