import { readFileSync } from 'node:fs'
import { formatExactJson, parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../errors.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import { checkUnit, hasControlUnits, readUnits } from './read-units.ts'
import { toUnionType } from './unit-fields.ts'

type Row = readonly [field: string, json: string, end: 'ok' | 'no', told: string]

// A model of pydantic 1.10.17 with the extension's fields of these names: value in, value or error text out.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/pydantic-units.json', import.meta.url), 'utf8'),
) as Row[]

const unit = (json: string) => parseExactJson(json) as ExactObject
const requestOf = (scripts: string) =>
  new GenerationRequest(new Map([['alwayson_scripts', parseExactJson(scripts)]]))

/** The text of the error that a unit makes. */
function refusalOf(json: string): string {
  try {
    checkUnit(unit(json))
  } catch (error) {
    if (error instanceof ApiError && error.body.kind === 'exception') return error.body.text
    throw error
  }
  throw new Error('it was taken')
}

describe('checkUnit', () => {
  it.each(recorded)('takes or refuses %s: %s as pydantic does (%s)', (field, json, end, told) => {
    const text = `{"${field}": ${json}}`
    if (end === 'no') expect(refusalOf(text)).toBe(told)
    else expect(formatExactJson(checkUnit(unit(text)).values.get(field)!)).toBe(told)
  })

  it.each([
    ['control_mode', '2', 'ControlNet is more important'],
    ['control_mode', '["Balanced"]', 'Balanced'],
    ['resize_mode', '0', 'Just Resize'],
    ['resize_mode', '1', 'Crop and Resize'],
    ['resize_mode', '2', 'Resize and Fill'],
    ['resize_mode', '3', 'Just Resize'],
    ['resize_mode', '"Scale to Fit (Inner Fit)"', 'Crop and Resize'],
    ['resize_mode', '"Envelope (Outer Fit)"', 'Resize and Fill'],
    ['hr_option', '"High res only"', 'High res only'],
    ['module', 'null', 'none'],
    ['module', '"None"', 'none'],
    ['module', '"canny"', 'canny'],
    ['model', 'null', 'None'],
    ['model', '""', 'None'],
  ])('reads %s %s as %s', (field, json, value) => {
    expect(checkUnit(unit(`{"${field}": ${json}}`)).values.get(field)).toBe(value)
  })

  it.each([
    [
      '{"control_mode": 3}',
      /^1 validation error for ControlNetUnit\ncontrol_mode\n {2}value is not a valid enum/,
    ],
    ['{"control_mode": -1}', /value is not a valid enumeration member/],
    ['{"hr_option": 1}', /permitted: 'Both', 'Low res only', 'High res only' \(type=type_error\.enum;/],
    ['{"resize_mode": 4}', /resize_mode\n {2} \(type=assertion_error\)/],
    ['{"resize_mode": "Fill"}', /'Fill' is not a valid ResizeMode \(type=value_error\)/],
    ['{"module": "no such"}', /module\(no such\) not found in supported modules\./],
    [
      '{"guidance_start": 0.75, "guidance_end": 0.5}',
      /__root__\n {2}guidance_start\(0\.75\) > guidance_end\(0\.5\)/,
    ],
    // A field that is wrong is none for the check of both together.
    [
      '{"guidance_start": 2}',
      /^2 validation errors .*'>' not supported between instances of 'NoneType' and 'float'/s,
    ],
    [
      '{"weight": 9, "low_vram": "maybe"}',
      /^2 validation errors for ControlNetUnit\nweight\n.*\nlow_vram\n/s,
    ],
  ])('refuses %s', (json, text) => {
    expect(refusalOf(json)).toMatch(text)
  })

  it('takes earlier names of fields, below their own', () => {
    const { values } = checkUnit(unit('{"input_image": "a", "image": "", "guidance": 0.25, "lowvram": true}'))
    expect([values.get('image'), values.get('guidance_end'), values.get('low_vram')]).toEqual([
      'a',
      0.25,
      true,
    ])
    expect(checkUnit(unit('{"input_image": "a", "image": "b"}')).values.get('image')).toBe('b')
    expect(checkUnit(unit('{"mask_image": null, "mask": ""}')).values.get('mask')).toBeNull()
  })

  it('brings sliders outside their range to their value, of units that are on', () => {
    const text = (enabled: boolean) =>
      `{"enabled": ${enabled}, "module": "canny", "threshold_a": -5, "threshold_b": 150, "processor_res": 1}`
    const on = checkUnit(unit(text(true))).values
    // The extension's sliders of canny: 512; 1 to 255 with 100 and 200.
    expect([on.get('processor_res'), on.get('threshold_a'), on.get('threshold_b')].map(Number)).toEqual([
      512, 100, 150,
    ])
    const off = checkUnit(unit(text(false))).values
    expect([off.get('processor_res'), off.get('threshold_a')].map(Number)).toEqual([1, -5])
  })
})

describe('readUnits', () => {
  const two = '{"enabled": true, "weight": 0.5}, {"enabled": true, "weight": 1.5}'
  const weights = (scripts: string, limit = 3) =>
    readUnits(requestOf(scripts), limit).map(({ values }) => values.get('weight'))

  it('finds units under any case of the name, in a list or alone, under both names of the list', () => {
    expect(weights(`{"ControlNet": {"args": [${two}]}}`)).toEqual([0.5, 1.5])
    expect(weights(`{"controlnet": {"controlnet_units": [${two}]}}`)).toEqual([0.5, 1.5])
    expect(weights('{"CONTROLNET": {"args": {"enabled": true}}}')).toEqual([1])
  })

  it('leaves out those that are off and those beyond the limit, which is one at least', () => {
    expect(weights(`{"controlnet": {"args": [{"weight": 0.1}, ${two}]}}`, 2)).toEqual([0.5])
    expect(weights(`{"controlnet": {"args": [${two}]}}`, 0)).toEqual([0.5])
  })

  it('does not look at what is wrong beyond the limit', () => {
    expect(weights(`{"controlnet": {"args": [${two}, {"weight": 9}]}}`, 2)).toEqual([0.5, 1.5])
    expect(() => weights(`{"controlnet": {"args": [${two}, {"weight": 9}]}}`, 3)).toThrow(
      'less than or equal to 2.0',
    )
  })

  it('reads values that follow one another, as the first versions took them, one unit after another', () => {
    const flat =
      'true, "canny", "m", 0.75, null, "", "Just Resize", "", false, 256, 10, 20, 0.1, 0.9, true, ' +
      'false, "none", "None", 1, null, "", 1, "", false, 64, 64, 64, 0, 1, false, true, "none", "None", 0.25'
    const [first, second, ...others] = readUnits(requestOf(`{"controlnet": {"args": [${flat}]}}`), 3)
    expect(others).toEqual([])
    expect(Object.fromEntries(first!.values)).toMatchObject({
      ...{ module: 'canny', model: 'm', weight: 0.75, resize_mode: 'Just Resize', processor_res: 256n },
      ...{
        threshold_a: 10,
        guidance_start: 0.1,
        guidance_end: 0.9,
        control_mode: 'ControlNet is more important',
      },
    })
    expect(second!.values.get('weight')).toBe(0.25)
  })

  it.each([
    '{}',
    '{"controlnet": null}',
    '{"controlnet": {}}',
    '{"controlnet": {"args": "x"}}',
    '{"controlnet": {"args": [1, "a", null]}}',
  ])('finds none in %s', (scripts) => {
    expect(weights(scripts)).toEqual([])
    expect(hasControlUnits(requestOf(scripts))).toBe(false)
  })

  it('says whether any unit is switched on without checking it', () => {
    expect(hasControlUnits(requestOf('{"controlnet": {"args": [{"enabled": true, "weight": 9}]}}'))).toBe(
      true,
    )
    expect(hasControlUnits(requestOf('{"controlnet": {"args": [{"enabled": "true"}]}}'))).toBe(false)
  })
})

it('counts kinds of control pictures as union networks do, the unknown one not among them', () => {
  const kinds = ['OpenPose', 'Depth', 'Hard Edge', 'Inpaint', 'Unknown', 'openpose', null]
  expect(kinds.map(toUnionType)).toEqual([0, 1, 3, 7, undefined, undefined, undefined])
})
