import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createInfotext, type InfotextFields, type InfotextValue } from './create-infotext.ts'
import { toOldFirstPassSize } from './old-hires.ts'
import { parseInfotext, type InfotextReading, type ParsedValue } from './parse-infotext.ts'
import { quoteValue, unquoteValue } from './quote.ts'
import { InfotextFieldError, toOptionOverrides, toRequestFields } from './request-fields.ts'
import { usesEmphasis } from './uses-emphasis.ts'
import { isOlder, parseProgramVersion } from './version.ts'

// Outputs of A1111 v1.10.1 (png-info) and of its code in Forge f2.0.1 (the others, Forge's own keys left out).
function readRows<Row>(name: string): Row[] {
  return readFileSync(new URL(`__fixtures__/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

const plainReading: InfotextReading = {
  styleMode: 'Apply if any',
  styles: [],
  skippedKeys: [],
  usesOldHiresSize: false,
  addsBackwardCompatibility: true,
}
const toStyles = (texts: Readonly<Record<string, readonly [string, string]>>) =>
  Object.entries(texts).map(([name, [prompt, negativePrompt]]) => ({ name, prompt, negativePrompt }))

describe('parseInfotext', () => {
  interface ParseRow {
    readonly text: string
    readonly options: {
      readonly auto_backcompat: boolean
      readonly infotext_styles: InfotextReading['styleMode']
      readonly infotext_skip_pasting?: readonly string[]
      readonly use_old_hires_fix_width_height?: boolean
    }
    readonly out: readonly [string, ParsedValue][]
  }
  const [setup, ...rows] = readRows<ParseRow & { readonly styles: Record<string, [string, string]> }>('parse')

  it('reads every text as the original, keys in its order', () => {
    expect(rows.length).toBeGreaterThan(70)
    for (const { text, options, out } of rows) {
      const parsed = parseInfotext(text, {
        styleMode: options.infotext_styles,
        styles: toStyles(setup!.styles),
        skippedKeys: options.infotext_skip_pasting ?? [],
        usesOldHiresSize: options.use_old_hires_fix_width_height ?? false,
        addsBackwardCompatibility: options.auto_backcompat,
      })
      expect([...parsed], text).toEqual(out)
    }
  })

  it('gives what png-info of A1111 answered', () => {
    const styles = toStyles({
      Moody: ['dark clouds', 'bright'],
      Wrap: ['photo of {prompt}, 35mm', 'blurry'],
      NegOnly: ['', 'lowres, jpeg'],
    })
    const answers = readRows<{ text: string; out: [string, ParsedValue][] }>('png-info')
    expect(answers.length).toBeGreaterThan(20)
    for (const { text, out } of answers) {
      expect([...parseInfotext(text, { ...plainReading, styles })], text).toEqual(out)
    }
  })

  it('stays quick on long texts without a colon', () => {
    const line = `${'a'.repeat(300_000)}, Steps: 1, Sampler: x, Seed: 2`
    expect(parseInfotext(line, plainReading).get('Seed')).toBe('2')
  })

  it('keeps keys that are numbers in their place', () => {
    const parsed = parseInfotext('x\nSteps: 1, Sampler: a, 12: b, Seed: 2', plainReading)
    expect([...parsed.keys()].slice(0, 4)).toEqual(['Steps', 'Sampler', '12', 'Seed'])
  })
})

describe('createInfotext', () => {
  const base: InfotextFields = {
    prompt: 'a cat',
    negativePrompt: 'bad',
    steps: 20,
    sampler: 'Euler a',
    scheduleType: 'Automatic',
    guidanceScale: 7,
    seed: 1234n,
    width: 512,
    height: 512,
    modelHash: '0123abcd45',
    modelName: 'model-a',
    randomSource: 'CPU',
    version: 'f2.0.1v1.10.1',
  }
  type Change =
    string | number | boolean | null | { readonly float: number } | Readonly<Record<string, unknown>>
  interface CreateRow {
    readonly changes: Readonly<Record<string, Change>>
    readonly out: string
  }

  /** Fixture numbers: {float: 7} is a Python float, a plain one an int. */
  function toValue(change: unknown): InfotextValue {
    if (typeof change === 'number') return BigInt(change)
    if (typeof change === 'object' && change !== null && 'float' in change)
      return (change as { float: number }).float
    return change as InfotextValue
  }

  function toFields(changes: CreateRow['changes']): InfotextFields {
    const options = (changes['opts'] ?? {}) as Readonly<Record<string, Change>>
    const index = Number(changes['index'] ?? 0)
    const isSecond = index > 0 && changes['use_main_prompt'] !== true
    const get = <Value>(key: string, fallback: Value) =>
      key in changes ? (toValue(changes[key]) as Value) : fallback
    const sampler = get('sampler_name', base.sampler)
    const usesSeedDelta = sampler === 'Euler a' && get<number>('eta', 1) !== 0
    const extra = Object.entries((changes['extra'] ?? {}) as Readonly<Record<string, unknown>>)
    return {
      ...base,
      prompt: isSecond ? 'second' : get('prompt', base.prompt),
      negativePrompt: isSecond ? 'neg two' : get('negative', base.negativePrompt),
      steps: Number(get('steps', 20)),
      sampler,
      scheduleType: get('scheduler', base.scheduleType),
      guidanceScale: get('cfg_scale', 7),
      imageGuidanceScale: get('image_cfg_scale', undefined),
      seed: get('seed', 1234n) + (changes['use_main_prompt'] === true ? 0n : BigInt(index)),
      faceRestoration: changes['restore_faces'] === true ? 'CodeFormer' : undefined,
      width: Number(get('width', 512)),
      height: Number(get('height', 512)),
      modelHash: options['add_model_hash_to_info'] === false ? undefined : base.modelHash,
      modelName: options['add_model_name_to_info'] === false ? undefined : get('model_name', base.modelName),
      variation: { seed: 777n + BigInt(index), strength: get('subseed_strength', 0) },
      seedResizeFrom: {
        width: Number(get('seed_resize_from_w', 0)),
        height: Number(get('seed_resize_from_h', 0)),
      },
      conditionalMaskWeight: changes['inpaint_cond'] === true ? 1 : undefined,
      clipSkip: Number(get('clip_skip', options['CLIP_stop_at_last_layers'] ?? 1)),
      etaNoiseSeedDelta: usesSeedDelta ? Number(options['eta_noise_seed_delta'] ?? 0) : 0,
      tokenMergingRatio: get('token_merging', 0),
      tokenMergingRatioHires: changes['enable_hr'] === true ? get('token_merging_hr', 0) : 0,
      initImageHash: get('init_img_hash', undefined),
      randomSource: (options['randn_source'] as string | undefined) ?? base.randomSource,
      tiling: changes['tiling'] === true,
      extra: new Map(
        extra.map(([key, value]) => [key, toValue(Array.isArray(value) ? value[index] : value)]),
      ),
      version: options['add_version_to_infotext'] === false ? undefined : base.version,
      user: options['add_user_name_to_info'] === true ? get('user', undefined) : undefined,
    }
  }

  it.each(readRows<CreateRow>('create'))(
    'writes what the original writes for $changes',
    ({ changes, out }) => {
      expect(createInfotext(toFields(changes))).toBe(out)
    },
  )

  it('puts a named key in its own place wherever it was set', () => {
    const extra = new Map<string, InfotextValue>([
      ['Mask blur', 4n],
      ['Denoising strength', 0.75],
    ])
    expect(createInfotext({ ...base, extra })).toContain(
      'Model: model-a, Denoising strength: 0.75, RNG: CPU, Mask blur: 4',
    )
  })

  it('prints floats with their point and leaves out what says nothing', () => {
    const text = createInfotext({
      ...base,
      guidanceScale: 1,
      randomSource: 'GPU',
      clipSkip: 1,
      tiling: false,
      version: undefined,
    })
    expect(
      text.endsWith('CFG scale: 1.0, Seed: 1234, Size: 512x512, Model hash: 0123abcd45, Model: model-a'),
    ).toBe(true)
  })

  it('is read back', () => {
    const parsed = parseInfotext(createInfotext({ ...base, modelName: 'odd, "name": x' }), plainReading)
    expect(parsed.get('Model')).toBe('odd, "name": x')
    expect(parsed.get('Prompt')).toBe('a cat')
  })
})

describe('quoting', () => {
  const rows = readRows<{ kind: 'quote' | 'unquote'; value: string; out: string }>('quote')

  it.each(rows)('$kind of $value is $out', ({ kind, value, out }) => {
    expect(kind === 'quote' ? quoteValue(value) : unquoteValue(value)).toBe(out)
  })
})

describe('toRequestFields', () => {
  const parse = (line: string) => parseInfotext(`zebra\nNegative prompt: stripes\n${line}`, plainReading)
  const line = 'Steps: 2, Sampler: Euler a, CFG scale: 4.5, Seed: 99, Size: 72x56'

  it('fills a txt2img request', () => {
    const fields = toRequestFields(parse(line), 'txt2img')
    expect(Object.fromEntries(fields)).toMatchObject({
      prompt: 'zebra',
      negative_prompt: 'stripes',
      steps: 2n,
      sampler_name: 'Euler a',
      scheduler: 'Automatic',
      cfg_scale: 4.5,
      seed: 99n,
      width: 72n,
      height: 56n,
      enable_hr: false,
      hr_sampler_name: 'Use same sampler',
    })
  })

  it('fills only sampling in an img2img request', () => {
    const fields = toRequestFields(parse(line), 'img2img')
    expect([...fields.keys()]).toEqual(['steps', 'sampler_name', 'scheduler', 'seed'])
  })

  it('turns hires fix on where the denoising strength is given', () => {
    expect(toRequestFields(parse(`${line}, Denoising strength: 0.4`), 'txt2img').get('enable_hr')).toBe(true)
  })

  it('swaps the axes of the seed size, as the original does', () => {
    const fields = toRequestFields(parse(`${line}, Seed resize from: 96x48`), 'txt2img')
    expect([fields.get('seed_resize_from_h'), fields.get('seed_resize_from_w')]).toEqual([96n, 48n])
  })

  it('refuses a number that is none, naming its key', () => {
    expect(() => toRequestFields(parse('Steps: many, Sampler: x, Seed: 1'), 'txt2img')).toThrow(
      InfotextFieldError,
    )
    expect(() => toRequestFields(parse('Steps: many, Sampler: x, Seed: 1'), 'txt2img')).toThrow(
      'Steps: "many"',
    )
  })
})

describe('toOptionOverrides', () => {
  const options = [
    { key: 'Clip skip', setting: 'CLIP_stop_at_last_layers', current: 1 },
    { key: 'RNG', setting: 'randn_source', current: 'GPU' },
    { key: 'Tiling', setting: 'tiling', current: false },
    { key: 'Model hash', setting: 'sd_model_checkpoint', current: 'x' },
    { key: 'NGMS', setting: 's_min_uncond', current: 0 },
  ]
  const parsed = parseInfotext(
    'x\nSteps: 1, Clip skip: 2, Tiling: True, Model hash: abc, NGMS: lots',
    plainReading,
  )

  it('names the settings that differ, in their own types', () => {
    expect([...toOptionOverrides(parsed, options, false)]).toEqual([
      ['CLIP_stop_at_last_layers', 2],
      ['tiling', true],
    ])
  })

  it('takes the checkpoint only where it may be swapped', () => {
    expect(toOptionOverrides(parsed, options, true).get('sd_model_checkpoint')).toBe('abc')
  })
})

describe('toOldFirstPassSize', () => {
  it.each([
    [512, 768, 448, 640],
    [1024, 768, 640, 448],
    [31, 768, 128, 2560],
  ])('makes of %i × %i a first pass of %i × %i', (width, height, firstWidth, firstHeight) => {
    expect(toOldFirstPassSize({ width, height })).toEqual({ width: firstWidth, height: firstHeight })
  })
})

describe('usesEmphasis', () => {
  it.each([
    ['a cat', false],
    ['(a)', true],
    ['(a:1.0)', false],
    ['()', false],
    ['[a', true],
    ['a:1.2)', false],
    ['\\(a\\)', false],
    ['(a:1.2.3)', true],
  ])('of %j is %j', (prompt, answer) => {
    expect(usesEmphasis(prompt)).toBe(answer)
  })
})

describe('program versions', () => {
  // In the order that Python's packaging library gives.
  const ascending = [
    '1.5.2',
    '1.6.0.dev1',
    '1.6.0a1',
    '1.6.0-RC',
    '1.6.0',
    'v1.6.0-2-gabc',
    '1.6.1',
    '1.7.0-225',
    '1.10.0',
  ]

  it('stand in the order of PEP 440', () => {
    const versions = ascending.map((text) => parseProgramVersion(text)!)
    versions.slice(1).forEach((version, index) => {
      expect(isOlder(versions[index]!, version), ascending[index + 1]).toBe(true)
      expect(isOlder(version, versions[index]!)).toBe(false)
    })
  })

  it('are equal with or without trailing zeros', () => {
    expect(parseProgramVersion('v1.8')).toEqual(parseProgramVersion('1.8.0'))
  })

  it.each(['', 'f2.0.1v1.10.1', 'none', '1.x'])('are not found in %j', (text) => {
    expect(parseProgramVersion(text)).toBeUndefined()
  })
})
