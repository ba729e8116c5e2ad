// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/dom'
import { describe, expect, it } from 'vitest'
import { openPage } from '../test-kit/open-page.tsx'
import { toJob, toModel } from '../test-kit/scripted-server.ts'

const progress = {
  ...{ step: 3, total_steps: 20, pass: 0, pass_count: 1, share: 0.15, seconds_left: 12, preview: 0 },
}
const image = {
  ...{ index: 0, width: 512, height: 512, media_type: 'image/png', size_bytes: 7 },
  infotext: 'a cat\nSteps: 20',
}
const generate = () => screen.findByRole('button', { name: /^Generate/ })

describe('the playground', () => {
  it('sends what the form says, once for a click and once for Ctrl+Enter', async () => {
    const { user, server } = openPage()
    await user.type(await screen.findByLabelText('Prompt'), 'a cat')
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    const [request] = server.findSent('sdapi/v1/txt2img')
    expect(request?.body).toMatchObject({ prompt: 'a cat', steps: 20, width: 512, height: 512, seed: -1 })
    expect(request?.headers.get('prefer')).toBe('respond-async')
    await user.keyboard('{Control>}{Enter}{/Control}')
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(2))
  })

  it("offers the checkpoint's own size, and keeps what was typed", async () => {
    const { user, server } = openPage({ models: [toModel({ resolution: '768x640' })] })
    await waitFor(() => expect(screen.getByLabelText('Width')).toHaveProperty('value', '768'))
    const height = screen.getByRole('spinbutton', { name: 'Height' })
    await user.clear(height)
    await user.type(height, '256')
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    expect(server.findSent('sdapi/v1/txt2img')[0]?.body).toMatchObject({ width: 768, height: 256 })
  })

  it('says beside the field what the server does not take, and the rest above the button', async () => {
    const { user, server } = openPage()
    server.answer('sdapi/v1/txt2img', () =>
      Response.json(
        {
          detail: [
            { loc: ['body', 'steps'], msg: 'must be at most 150', type: 'value_error' },
            { loc: ['body', 'nothing_here'], msg: 'is not known', type: 'value_error' },
          ],
        },
        { status: 422 },
      ),
    )
    await user.click(await generate())
    await screen.findByText('nothing_here is not known')
    const steps = screen.getByRole('spinbutton', { name: 'Steps' })
    expect(steps.getAttribute('aria-invalid')).toBe('true')
    const said = document.getElementById(steps.getAttribute('aria-describedby') ?? '')
    expect(said?.textContent).toBe('must be at most 150')
    expect(screen.getByRole('button', { name: /^Generate/ })).toHaveProperty('disabled', false)
  })

  it('shows the job it sent, its previews and how far it is, and interrupts it by Escape', async () => {
    const { user, server } = openPage()
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    server.tell('job', toJob({ id: 'sent', prompt: 'a cat' }))
    await screen.findByText('In the queue')
    server.tell('job', toJob({ id: 'sent', prompt: 'a cat', state: 'running', progress }))
    await screen.findByText('Step 3 of 20 · about 12 s left')
    expect(screen.queryByRole('img', { name: /Preview/ })).toBeNull()
    server.tell('progress', { id: 'sent', progress: { ...progress, preview: 1 } })
    await screen.findByRole('img', { name: /Preview/ })
    await user.keyboard('{Escape}')
    await waitFor(() =>
      expect(server.findSent('atelier/v1/jobs/sent').map(({ method }) => method)).toContain('DELETE'),
    )
    server.tell('job', toJob({ id: 'sent', state: 'cancelling', progress }))
    await screen.findByText('Stopping…')
    expect(screen.getByRole('button', { name: 'Interrupt' })).toHaveProperty('disabled', true)
  })

  it('does not touch jobs of others', async () => {
    const { user, server } = openPage({ open: [toJob({ id: 'other', state: 'running', progress })] })
    await screen.findByText('1', { selector: '.count' })
    await user.keyboard('{Escape}')
    await user.keyboard('{Alt>}{Enter}{/Alt}')
    expect(screen.queryByText(/Step 3/)).toBeNull()
    expect(server.sent.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  it('skips to the next picture by Alt+Enter where several follow each other', async () => {
    const { user, server } = openPage()
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    const several = { ...progress, pass: 1, pass_count: 3 }
    server.tell('job', toJob({ id: 'sent', state: 'running', progress: several }))
    await screen.findByText(/Pass 2 of 3 · Step 3 of 20/)
    await user.keyboard('{Alt>}{Enter}{/Alt}')
    await user.click(screen.getByRole('button', { name: 'Skip to the next' }))
    await waitFor(() => expect(server.findSent('atelier/v1/jobs/sent/skip')).toHaveLength(2))
  })

  it('shows a picture when it is ready, with the text it carries', async () => {
    const { user, server } = openPage({ images: [image] })
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    server.tell('job', toJob({ id: 'sent', prompt: 'a cat', state: 'done', image_count: 1 }))
    await screen.findByRole('img', { name: 'Picture of: a cat' })
    expect((await screen.findByLabelText('How it was made')).textContent).toBe(image.infotext)
    await screen.findAllByText('One picture is ready.')
  })

  it('says why a job failed', async () => {
    const { user, server } = openPage()
    await user.click(await generate())
    await waitFor(() => expect(server.findSent('sdapi/v1/txt2img')).toHaveLength(1))
    const error = { code: 'OUT_OF_MEMORY', message: 'the device has too little memory', retryable: true }
    server.tell('job', toJob({ id: 'sent', state: 'failed', error }))
    const alerts = await screen.findAllByRole('alert')
    expect(alerts.map(({ textContent }) => textContent)).toContain('the device has too little memory')
  })

  it('asks for a picture before it draws over one', async () => {
    const { user } = openPage()
    await user.click(await screen.findByRole('radio', { name: 'Image to image' }))
    await screen.findByText('Choose a picture first.')
    expect(screen.getByRole('button', { name: /^Generate/ })).toHaveProperty('disabled', true)
    await user.click(screen.getByRole('radio', { name: 'Upscale' }))
    expect(screen.getByRole('button', { name: /^Enlarge/ })).toHaveProperty('disabled', true)
  })

  it('keeps the form when the page is opened again', async () => {
    const first = openPage()
    await first.user.type(await screen.findByLabelText('Prompt'), 'kept')
    const kept = localStorage.getItem('atelier.settings')
    expect(JSON.parse(kept ?? '')).toMatchObject({ prompt: 'kept' })
  })

  it('takes an example into the form', async () => {
    const { user } = openPage()
    const examples = (await screen.findByText('No picture yet')).closest('div')!
    const [example] = within(examples).getAllByRole('button')
    await user.click(example!)
    expect(screen.getByLabelText('Prompt')).toHaveProperty('value', example!.textContent)
  })
})

describe('the choice of LoRAs', () => {
  const loras = [
    { name: 'ink-lines', alias: 'Ink' },
    { name: 'warm light', alias: 'warm light' },
  ]

  it('is there where there are some, searches by every word, and puts a tag where the cursor was', async () => {
    const { user } = openPage({ loras })
    await user.type(await screen.findByLabelText('Prompt'), 'a cat')
    await user.click(await screen.findByRole('button', { name: 'LoRA' }))
    await user.type(await screen.findByRole('searchbox'), 'ink LINES')
    const files = screen.getByRole('list', { name: 'Files' })
    await waitFor(() => expect(within(files).getAllByRole('button')).toHaveLength(1))
    const strength = screen.getByRole('spinbutton', { name: 'Strength' })
    await user.clear(strength)
    await user.type(strength, '0.6')
    await user.click(within(files).getByRole('button'))
    expect(screen.getByLabelText('Prompt')).toHaveProperty('value', 'a cat <lora:ink-lines:0.6>')
  })

  it('says when nothing fits, and is not offered where there are none', async () => {
    const { user, server } = openPage({ loras })
    await user.click(await screen.findByRole('button', { name: 'LoRA' }))
    await user.type(await screen.findByRole('searchbox'), 'water')
    await screen.findByText('None fits.')
    expect(server.findSent('sdapi/v1/loras')).toHaveLength(1)
  })
})
