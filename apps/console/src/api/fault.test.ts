import { describe, expect, it } from 'vitest'
import { parseFault } from './fault.ts'

describe('parseFault', () => {
  it('names the fields that a generation route refuses', () => {
    const detail = [
      { loc: ['body', 'steps'], msg: 'value is not a valid integer', type: 'type_error.integer' },
    ]
    const fault = parseFault(422, JSON.stringify({ detail }))
    expect(fault.fields).toEqual([{ field: 'steps', message: 'value is not a valid integer' }])
    expect(fault.message).toBe('steps: value is not a valid integer')
  })

  it('takes the most telling text of an exception', () => {
    const body = { error: 'AssertionError', detail: '', body: '', errors: 'could not find upscaler named x' }
    expect(parseFault(500, JSON.stringify(body)).message).toBe('could not find upscaler named x')
    const refusal = { error: 'HTTPException', detail: 'Sampler not found', body: '', errors: '' }
    expect(parseFault(404, JSON.stringify(refusal)).message).toBe('Sampler not found')
  })

  it('knows the field that a limit is about', () => {
    const body = {
      error: 'ValueError',
      detail: '',
      body: '',
      errors: 'height must be at most 8192, got 10000',
    }
    expect(parseFault(500, JSON.stringify(body)).fields).toEqual([
      { field: 'height', message: 'must be at most 8192, got 10000' },
    ])
  })

  it("takes the message of the gateway's own routes", () => {
    const error = { code: 'unavailable', message: 'the ledger is away' }
    expect(parseFault(503, JSON.stringify({ error })).message).toBe('the ledger is away')
  })

  it('says something of answers that say nothing', () => {
    expect(parseFault(502, '').message).toBe('the server answered with status 502')
    expect(parseFault(500, 'Internal Server Error').message).toBe('Internal Server Error')
    expect(parseFault(413, '{}').message).toContain('too large')
  })
})
