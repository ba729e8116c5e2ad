// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'
import { toJob } from '../test-kit/scripted-server.ts'

const progress = {
  ...{ step: 1, total_steps: 4, pass: 0, pass_count: 1, share: 0.25, seconds_left: null, preview: 0 },
}
const running = toJob({
  ...{
    id: 'r',
    prompt: 'a cat',
    state: 'running',
    worker: 'gpu-a',
    checkpoint: 'dream',
    attempt: 2,
    progress,
  },
})
const waiting = ['b', 'c'].map((id) => toJob({ id, prompt: `picture ${id}` }))
const deleted = (paths: readonly { method: string; path: string }[]) =>
  paths.filter(({ method }) => method === 'DELETE').map(({ path }) => path)

describe('the queue', () => {
  it('says who runs what, how far it is, and what waits', async () => {
    const { go } = openPage({ open: [running, ...waiting] })
    await go('Queue')
    await screen.findByText('1 running · 2 waiting')
    const [first, second] = within(screen.getByRole('list', { name: 'Open jobs' })).getAllByRole('listitem')
    expect(first?.textContent).toMatch(/^a cat.*WebUI API · dream · on gpu-a · attempt 2/)
    expect(first?.textContent).toContain('Step 1 of 4')
    expect(second?.textContent).toContain('In the queue')
  })

  it('cancels one, and all that wait only after asking', async () => {
    const { go, user, server } = openPage({ open: [running, ...waiting] })
    await go('Queue')
    await user.click(await screen.findByRole('button', { name: 'Interrupt: a cat' }))
    await waitFor(() => expect(deleted(server.sent)).toEqual(['atelier/v1/jobs/r']))
    await user.click(screen.getByRole('button', { name: 'Cancel all that wait' }))
    await user.click(await screen.findByRole('button', { name: 'Keep them' }))
    expect(deleted(server.sent)).toHaveLength(1)
    await user.click(await screen.findByRole('button', { name: 'Cancel all that wait' }))
    await user.click(await screen.findByRole('button', { name: 'Cancel 2 jobs' }))
    await waitFor(() =>
      expect(deleted(server.sent).slice(1)).toEqual(['atelier/v1/jobs/b', 'atelier/v1/jobs/c']),
    )
  })

  it('says when a job could not be stopped', async () => {
    const { go, user, server } = openPage({ open: [running] })
    server.answer('atelier/v1/jobs/r', () => Response.json({ detail: 'it has ended' }, { status: 409 }))
    await go('Queue')
    await user.click(await screen.findByRole('button', { name: 'Interrupt: a cat' }))
    expect((await screen.findByRole('alert')).textContent).toBe('it has ended')
  })

  it('moves a job that ends into the history, with its reason and remarks', async () => {
    const { go, server } = openPage({ open: [running] })
    await go('Queue')
    await screen.findByText('1 running · 0 waiting')
    server.tell(
      'job',
      toJob({
        ...{ id: 'r', prompt: 'a cat', state: 'failed', remarks: ['left out an embedding'] },
        ...{ started_at_ms: 1_000, ended_at_ms: 4_000 },
        error: { code: 'INTERNAL', message: 'the engine ended', retryable: false },
      }),
    )
    await screen.findByText('Nothing runs, nothing waits.')
    const history = within(screen.getByRole('region', { name: 'History' }))
    const entry = await history.findByRole('listitem')
    expect(entry.textContent).toContain('Failed')
    expect(entry.textContent).toContain('took 3 s')
    for (const text of ['the engine ended', 'left out an embedding']) history.getByText(text)
  })

  it('shows a picture of the history large, and forgets a job', async () => {
    const ended = [toJob({ id: 'five', prompt: 'five', state: 'done', image_count: 5 })]
    const { go, user, server } = openPage({ ended })
    await go('Queue')
    await screen.findByText('+1')
    await user.click(screen.getByRole('button', { name: 'Show picture 3: five' }))
    await screen.findByRole('img', { name: 'Picture of: five' })
    await waitFor(() => expect(server.findSent('atelier/v1/jobs/five/images/2')).not.toEqual([]))
    await go('Queue')
    await user.click(await screen.findByRole('button', { name: 'Remove from the history: five' }))
    await screen.findByText('Nothing has ended yet.')
  })

  it('asks for more of the history where there may be more', async () => {
    const ended = Array.from({ length: 48 }, (_, index) => toJob({ id: `${index}`, state: 'done' }))
    const { go, user, server } = openPage({ ended })
    await go('Queue')
    await user.click(await screen.findByRole('button', { name: 'Show more' }))
    await waitFor(() =>
      expect(server.findSent('atelier/v1/jobs?').at(-1)?.path).toBe('atelier/v1/jobs?state=ended&limit=96'),
    )
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull())
  })
})
