import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseBatchExtraNetworks, parseExtraNetworks, toLoraRequest } from './generation/extra-networks.ts'
import { stripPromptComments } from './generation/prompt-comments.ts'
import { applyStyles, extractStyles, selectStyleTexts } from './styles.ts'

// Outputs of A1111's code (Forge f2.0.1).
function readRows<Row>(name: string): Row[] {
  return readFileSync(new URL(`__fixtures__/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

interface StyleRow {
  readonly kind: 'styles' | 'styles_table'
  readonly prompt: string
  readonly negative: string
  readonly styles: readonly string[]
  readonly out: string
  readonly out_negative: string
  readonly extracted: readonly [string[], string, string]
}

describe('styles', () => {
  const rows = readRows<StyleRow>('styles')
  const table = rows.find(({ kind }) => kind === 'styles_table') as unknown as {
    readonly styles: Readonly<Record<string, readonly [string, string]>>
  }
  const styles = Object.entries(table.styles).map(([name, [prompt, negativePrompt]]) => ({
    name,
    prompt,
    negativePrompt,
  }))
  const cases = rows.filter(({ kind }) => kind === 'styles')

  it('are applied as the original applies them', () => {
    expect(cases.length).toBe(60)
    for (const row of cases) {
      const texts = selectStyleTexts(styles, row.styles)
      const label = `${row.prompt} + ${row.styles.join()}`
      expect(applyStyles(row.prompt, texts.prompts), label).toBe(row.out)
      expect(applyStyles(row.negative, texts.negativePrompts), label).toBe(row.out_negative)
    }
  })

  it('are found again as the original finds them', () => {
    for (const { out, out_negative, extracted } of cases) {
      const found = extractStyles(styles, out, out_negative)
      expect([found.styles, found.prompt, found.negativePrompt], out).toEqual(extracted)
    }
  })

  it('may hold characters that mean something in replacements', () => {
    expect(applyStyles('a $& b', ['<{prompt}>'])).toBe('<a $& b>')
  })

  it('without texts, such as dividers, are never found', () => {
    const divider = { name: '--- STYLES ---', prompt: null, negativePrompt: null }
    expect(extractStyles([divider], 'a', '')).toEqual({ styles: [], prompt: 'a', negativePrompt: '' })
  })
})

describe('comments', () => {
  it.each([
    ['a # note\nb', 'a \nb'],
    ['# whole\nb', '\nb'],
    ['a\n# whole', 'a\n'],
    ['a#b', 'a\n'],
    ['plain', 'plain'],
  ])('are stripped from %j to %j', (prompt, stripped) => {
    expect(stripPromptComments(prompt)).toBe(stripped)
  })
})

describe('extra networks', () => {
  interface NetworkRow {
    readonly kind: 'extra_networks' | 'extra_networks_batch'
    readonly text: string
    readonly prompt: string
    readonly networks: Readonly<
      Record<string, readonly { items: string[]; positional: string[]; named: object }[]>
    >
  }
  const rows = readRows<NetworkRow>('extra-networks').filter(({ kind }) => kind === 'extra_networks')

  it('are cut out and read as the original reads them', () => {
    expect(rows.length).toBeGreaterThan(30)
    for (const { text, prompt, networks } of rows) {
      const parsed = parseExtraNetworks(text)
      expect(parsed.prompt).toBe(prompt)
      const wanted = Object.entries(networks).flatMap(([kind, tags]) => tags.map((tag) => ({ kind, ...tag })))
      const got = parsed.tags.map((tag) => ({ ...tag, named: Object.fromEntries(tag.named) }))
      expect(got, text).toEqual(wanted)
    }
  })

  it('are looked for in a text of a million beginnings as quickly as in any', () => {
    const text = '<lora:'.repeat(1_000_000)
    expect(parseExtraNetworks(text)).toEqual({ prompt: text, tags: [] })
    expect(parseExtraNetworks(`${text}>b`)).toMatchObject({ prompt: 'b', tags: [{ kind: 'lora' }] })
  })

  it('count for a batch in its first prompt alone', () => {
    const { prompts, tags } = parseBatchExtraNetworks(['a <lora:x:1>', 'b <lora:y:1>'])
    expect(prompts).toEqual(['a ', 'b '])
    expect(tags.map(({ positional }) => positional)).toEqual([['x', '1']])
  })

  it.each([
    ['<lora:x>', { name: 'x', textStrength: 1, denoiserStrength: 1 }],
    ['<lora:x:0.5>', { name: 'x', textStrength: 0.5, denoiserStrength: 0.5 }],
    ['<lyco:x:0.5:0.7>', { name: 'x', textStrength: 0.5, denoiserStrength: 0.7 }],
    ['<lora:x:te=0.2:unet=0.9>', { name: 'x', textStrength: 0.2, denoiserStrength: 0.9 }],
    ['<lora:x:-1:unet=2>', { name: 'x', textStrength: -1, denoiserStrength: 2 }],
    ['<hypernet:x:1>', undefined],
  ])('in %s ask for %j', (prompt, request) => {
    expect(toLoraRequest(parseExtraNetworks(prompt).tags[0]!)).toEqual(request)
  })

  it.each(['<lora:x:abc>', '<lora:x:>', '<lora:x:1:unet=no>'])(
    'in %s are refused, naming the number',
    (prompt) => {
      expect(() => toLoraRequest(parseExtraNetworks(prompt).tags[0]!)).toThrow(
        'could not convert string to float',
      )
    },
  )
})
