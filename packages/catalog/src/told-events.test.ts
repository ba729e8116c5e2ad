import { describe, expect, it } from 'vitest'
import { tellEvents } from './told-events.ts'

const told = [
  { event: 1, text: ', NGMS: 2' },
  { event: 2, text: ', Refiner: "a, b", Refiner switch at: 0.8' },
]
const infotext = `cat, NGMS: 2\nSteps: 4${told.map(({ text }) => text).join('')}, Version: v1`

describe('tellEvents', () => {
  it('leaves out what did not come', () => {
    expect(tellEvents(infotext, told, [])).toBe('cat, NGMS: 2\nSteps: 4, Version: v1')
    expect(tellEvents(infotext, told, [1])).toBe('cat, NGMS: 2\nSteps: 4, NGMS: 2, Version: v1')
  })

  it('tells events in the order in which they came', () => {
    expect(tellEvents(infotext, told, [2, 1])).toBe(
      'cat, NGMS: 2\nSteps: 4, Refiner: "a, b", Refiner switch at: 0.8, NGMS: 2, Version: v1',
    )
  })

  it('leaves texts alone that tell of none', () => {
    expect(tellEvents('cat\nSteps: 4', told, [1])).toBe('cat\nSteps: 4')
    expect(tellEvents(infotext, [], [1])).toBe(infotext)
  })
})
