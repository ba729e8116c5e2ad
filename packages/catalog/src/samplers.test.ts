import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMFY_SAMPLER_NAMES, WEBUI_SAMPLERS } from './samplers.ts'
import { COMFY_SCHEDULE_NAMES, resolveWebuiSampling, toAutomatic, WEBUI_SCHEDULES } from './schedules.ts'

const read = (name: string) => readFileSync(new URL(`__fixtures__/${name}`, import.meta.url), 'utf8')
const lists = JSON.parse(read('webui-lists.json')) as Record<string, unknown>

describe('lists of samplers and schedules', () => {
  it('are A1111’s', () => {
    expect(WEBUI_SAMPLERS.map(({ name, aliases, options }) => ({ name, aliases, options }))).toEqual(
      lists['samplers'],
    )
    expect(WEBUI_SCHEDULES).toEqual(lists['schedulers'])
  })

  it('are ComfyUI’s', () => {
    expect(COMFY_SAMPLER_NAMES).toEqual(lists['comfySamplers'])
    expect(COMFY_SCHEDULE_NAMES).toEqual(lists['comfySchedules'])
  })

  it('say the same in options and in fields', () => {
    for (const {
      options,
      isSecondOrder,
      discardsPenultimate,
      isBrownian,
      usesEnsd,
      defaultSchedule,
    } of WEBUI_SAMPLERS) {
      const flag = (name: string) => (options[name] === 'True' ? true : undefined)
      expect(isSecondOrder).toBe(flag('second_order'))
      expect(discardsPenultimate).toBe(flag('discard_next_to_last_sigma'))
      expect(isBrownian).toBe(flag('brownian_noise'))
      expect(usesEnsd).toBe(flag('uses_ensd'))
      expect(defaultSchedule).toBe(options['scheduler'])
    }
  })
})

describe('resolveWebuiSampling', () => {
  it.each([
    ['Default', null, 'DPM++ 2M', 'Automatic'],
    ['PNDM', null, 'PLMS', 'Automatic'],
    ['LMSD', 'Karras', 'LMS', 'Karras'],
    ['KDPM2 a', null, 'DPM2 a', 'Automatic'],
    ['Euler SGM', null, 'Euler', 'SGM Uniform'],
    ['Euler SGM', 'Karras', 'Euler', 'Karras'],
    ['DPM++ 1S', null, 'DPMSolverSinglestepScheduler', 'Automatic'],
    ['TCD', null, 'TCDScheduler', 'Automatic'],
    ['UniPCMultistepScheduler', null, 'UniPCMultistepScheduler', 'Automatic'],
    ['Euler SGM Uniform', null, 'DPM++ 2M', 'Uniform'],
    ['toString', null, 'DPM++ 2M', 'Automatic'],
  ])('reads SD.Next’s and Diffusers’ names: %s, %s', (sampler, scheduler, name, label) => {
    const resolved = resolveWebuiSampling(sampler, scheduler)
    expect([resolved.sampler.name, resolved.schedule.label]).toEqual([name, label])
  })

  interface Row {
    sampler: string | null
    scheduler: string | null
    convert_automatic: boolean
    out: [string, string]
  }
  const rows = read('sampler-from-infotext.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)

  it.each(rows)(
    '$sampler, $scheduler (automatic: $convert_automatic) is $out',
    ({ sampler, scheduler, convert_automatic, out }) => {
      const resolved = resolveWebuiSampling(sampler, scheduler)
      const { sampler: found, schedule } = convert_automatic ? toAutomatic(resolved) : resolved
      expect([found.name, schedule.label]).toEqual(out)
    },
  )
})
