import { describe, expect, it } from 'vitest'
import { typescriptArguments } from './typescript.ts'

describe('how children of a program understand TypeScript', () => {
  it('is by Node alone, where it strips types and the program was started without tsx', () => {
    expect(typescriptArguments({ execArgv: [], features: { typescript: 'strip' } })).toEqual([])
  })

  it('is by tsx where the program was started with it, and where Node does not strip types', () => {
    const tsx = ['--import', 'tsx']
    expect(typescriptArguments({ execArgv: tsx, features: { typescript: 'strip' } })).toEqual(tsx)
    expect(typescriptArguments({ execArgv: [], features: { typescript: false } })).toEqual(tsx)
    expect(typescriptArguments({ execArgv: [], features: {} })).toEqual(tsx)
  })
})
