// @vitest-environment happy-dom
import { screen } from '@testing-library/dom'
import { userEvent } from '@testing-library/user-event'
import { render, type ComponentChild } from 'preact'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { NumberField, SelectField, TextField, Toggle } from './fields.tsx'

function show(field: ComponentChild) {
  const place = document.body.appendChild(document.createElement('div'))
  render(field, place)
  onTestFinished(() => {
    render(null, place)
    place.remove()
  })
  return userEvent.setup()
}

const describedBy = (control: HTMLElement) =>
  document.getElementById(control.getAttribute('aria-describedby') ?? '')?.textContent

describe('a field', () => {
  it('is named by its label, and described by its hint', () => {
    show(<TextField label="Prompt" hint="What is to be seen" value="" onChange={vi.fn()} rows={2} />)
    const control = screen.getByLabelText('Prompt')
    expect(describedBy(control)).toBe('What is to be seen')
    expect(control.getAttribute('aria-invalid')).toBe('false')
  })

  it('says what is wrong with it in place of its hint', () => {
    show(<TextField label="Prompt" hint="x" fault="is too long" value="" onChange={vi.fn()} rows={2} />)
    const control = screen.getByLabelText('Prompt')
    expect([describedBy(control), control.getAttribute('aria-invalid')]).toEqual(['is too long', 'true'])
  })

  it('has no description where there is nothing to say', () => {
    show(<TextField label="Prompt" value="" onChange={vi.fn()} rows={2} />)
    expect(screen.getByLabelText('Prompt').hasAttribute('aria-describedby')).toBe(false)
  })

  it('has a name of its own where two have the same label', () => {
    show(
      <>
        <TextField label="Prompt" value="first" onChange={vi.fn()} rows={1} />
        <TextField label="Prompt" value="second" onChange={vi.fn()} rows={1} />
      </>,
    )
    const ids = screen.getAllByLabelText('Prompt').map(({ id }) => id)
    expect(new Set(ids).size).toBe(2)
  })
})

describe('a field of a number', () => {
  const props = { label: 'Steps', value: 20, min: 1, max: 150 }

  it('tells numbers as they are typed, beyond its limits too, and nothing else', async () => {
    const onChange = vi.fn()
    const user = show(<NumberField {...props} onChange={onChange} />)
    const control = screen.getByRole('spinbutton', { name: 'Steps' })
    await user.clear(control)
    expect(onChange, 'an empty field is no number').not.toHaveBeenCalled()
    await user.type(control, '200')
    expect(onChange.mock.calls.map(([value]) => value as number).at(-1)).toBe(200)
  })

  it('has a slider of the same limits where that is wanted', () => {
    show(<NumberField {...props} step={5} hasSlider onChange={vi.fn()} />)
    const slider = screen.getByRole('slider', { name: 'Steps' }) as HTMLInputElement
    expect([slider.min, slider.max, slider.step, slider.value]).toEqual(['1', '150', '5', '20'])
    // The number beside it is what the keyboard reaches.
    expect(slider.tabIndex).toBe(-1)
  })
})

describe('a field of choices', () => {
  const options = ['Euler', { value: 'a', text: 'Euler a' }]

  it('tells the value of what is chosen', async () => {
    const onChange = vi.fn()
    const user = show(<SelectField label="Sampler" value="Euler" options={options} onChange={onChange} />)
    await user.selectOptions(screen.getByLabelText('Sampler'), 'Euler a')
    expect(onChange).toHaveBeenCalledWith('a')
  })

  it('keeps a value that is not offered any more, and says so', () => {
    show(<SelectField label="Sampler" value="gone" options={options} onChange={vi.fn()} />)
    const control = screen.getByLabelText('Sampler') as HTMLSelectElement
    expect(control.value).toBe('gone')
    expect([...control.options].map(({ text }) => text)).toEqual(['gone (not here)', 'Euler', 'Euler a'])
  })
})

describe('a box to tick', () => {
  it('tells how it is after it was clicked, by its words too', async () => {
    const onChange = vi.fn()
    const user = show(<Toggle label="Tiling" isOn={false} onChange={onChange} />)
    await user.click(screen.getByText('Tiling'))
    expect(onChange).toHaveBeenCalledWith(true)
  })
})
