import { toExact, type ExactValue } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { checkBody, type PlainBody } from '../test-kit/plan-request.ts'
import { chooseScript } from './find-script.ts'

const choose = (body: PlainBody, isImageToImage = false) =>
  chooseScript(checkBody(body, { isImageToImage }), isImageToImage)
const argsOf = (script_name: string, script_args: PlainBody[string], isImageToImage = true) =>
  choose({ script_name, script_args }, isImageToImage)?.args

describe('the script of a request', () => {
  it.each([null, ''])('is none for the name %j', (script_name) => {
    expect(choose({ script_name })).toBeUndefined()
  })

  it.each(['X/Y/Z plot', 'x/y/z PLOT'])('is found in any case: %s', (script_name) => {
    const args = Array.from({ length: 18 }, () => 0)
    expect(choose({ script_name, script_args: args })?.script.title).toBe('x/y/z plot')
  })

  it('is refused where it is known but not there', () => {
    expect(() => choose({ script_name: 'controlnet m2m' })).toThrow(
      'the script controlnet m2m is not supported by this server',
    )
  })

  it('has as many arguments as it takes', () => {
    expect(argsOf('loopback', [3, 0.5, 'Linear', 'None', 'more', 'and more'])).toEqual(
      [3, 0.5, 'Linear', 'None'].map((value): ExactValue => toExact(value)),
    )
  })

  // The original keeps all scripts' arguments in one row, of which a request replaces a piece (webui-api.md 6.4).
  it('gets those of the scripts behind it where a request has too few', () => {
    const [loops, strength, curve, interrogation] = argsOf('loopback', [3, 0.5])!
    expect([loops, strength]).toEqual([3n, 0.5])
    expect(curve, 'what outpainting mk2 begins with').not.toBe('Linear')
    expect(interrogation).toBeDefined()
  })

  it('fails as the original does where nothing stands behind it', () => {
    expect(() => argsOf('x/y/z plot', [4, '2,3'], false)).toThrow(
      /^Script\.run\(\) missing \d+ required positional arguments: '.*'csv_mode'$/,
    )
  })
})
