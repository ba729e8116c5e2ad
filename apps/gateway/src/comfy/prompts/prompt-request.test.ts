import { toExact } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { parsePromptRequest } from './prompt-request.ts'

const clientOf = (body: Parameters<typeof toExact>[0] & object) =>
  parsePromptRequest(toExact({ prompt: {}, ...body }))?.clientId

describe('the client that hears of a prompt', () => {
  it('is named by its own member, or in extra_data where there is none', () => {
    expect(clientOf({ client_id: 'x' })).toBe('x')
    expect(clientOf({ extra_data: { client_id: 'y' } })).toBe('y')
    expect(clientOf({ client_id: 'x', extra_data: { client_id: 'y' } })).toBe('x')
    expect(clientOf({ client_id: null, extra_data: { client_id: 'y' } })).toBe('')
  })

  it('is none in particular where no id is given, whatever extra_data is', () => {
    expect(clientOf({})).toBe('')
    expect(clientOf({ extra_data: 'y' })).toBe('')
  })
})
