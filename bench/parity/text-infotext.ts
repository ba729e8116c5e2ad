import { isExactObject, parseExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { readFileSync } from 'node:fs'
import {
  createInfotext,
  type InfotextFields,
  type InfotextValue,
} from '../../apps/gateway/src/sdapi/infotext/create-infotext.ts'
import { toOldFirstPassSize } from '../../apps/gateway/src/sdapi/infotext/old-hires.ts'
import { parseInfotext, type InfotextReading } from '../../apps/gateway/src/sdapi/infotext/parse-infotext.ts'
import { quoteValue, unquoteValue } from '../../apps/gateway/src/sdapi/infotext/quote.ts'
import { readImageInfotext } from '../../apps/gateway/src/sdapi/infotext/read-image-infotext.ts'
import { compareCase, type Comparison } from './report.ts'
import { readLines } from './sampling-fixtures.ts'
import { compareExactly } from './text-prompts.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- recordings are read field by field, each kind its own
type Row = Record<string, any>

/** Keys and values that only Forge adds; A1111 v1.10.1 has none of them. */
function dropForgeKeys(parsed: Row): Row {
  return Object.fromEntries(Object.entries(parsed).filter(([key]) => key !== 'Hires VAE/TE'))
}

function explainForge(row: Row): string | undefined {
  if ('VAE/TE' in row['out'] || 'Distilled CFG Scale' in row['out']) return 'keys of Forge alone'
  return 'Model' in row['out'] || !String(row['text']).includes('Model:')
    ? undefined
    : "Forge drops the present model's name"
}

function toReading(setup: Row, options: Row = {}): InfotextReading {
  const all = { ...setup['options'], ...options }
  const styles = Object.entries(setup['styles'] as Record<string, [string, string]>)
  return {
    styleMode: all['infotext_styles'],
    styles: styles.map(([name, [prompt, negativePrompt]]) => ({ name, prompt, negativePrompt })),
    skippedKeys: all['infotext_skip_pasting'] ?? [],
    usesOldHiresSize: all['use_old_hires_fix_width_height'] ?? false,
    addsBackwardCompatibility: all['auto_backcompat'],
  }
}

/** The fields of a `create` case: the base set of make_infotext.py with the row's changes, numbers as Python has them. */
function toFields(changes: ExactObject): InfotextFields {
  const objectOf = (key: string) => {
    const value = changes.get(key)
    return isExactObject(value) ? value : new Map<string, ExactValue>()
  }
  const options = objectOf('opts')
  const index = Number(changes.get('index') ?? 0n)
  const usesMain = changes.get('use_main_prompt') === true
  const get = <Value>(key: string, fallback: Value) =>
    changes.has(key) ? (changes.get(key) as Value) : fallback
  const sampler = get('sampler_name', 'Euler a')
  const usesSeedDelta = sampler === 'Euler a' && get<unknown>('eta', 1) !== 0
  const pick = (value: ExactValue) => (Array.isArray(value) ? value[index] : value) as InfotextValue
  return {
    prompt: index > 0 && !usesMain ? 'second' : get('prompt', 'a cat'),
    negativePrompt: index > 0 && !usesMain ? 'neg two' : get('negative', 'bad'),
    steps: Number(get('steps', 20n)),
    sampler,
    scheduleType: get('scheduler', 'Automatic'),
    guidanceScale: get<number | bigint>('cfg_scale', 7),
    imageGuidanceScale: get('image_cfg_scale', undefined),
    seed: get('seed', 1234n) + (usesMain ? 0n : BigInt(index)),
    faceRestoration: changes.get('restore_faces') === true ? 'CodeFormer' : undefined,
    width: Number(get('width', 512n)),
    height: Number(get('height', 512n)),
    modelHash: options.get('add_model_hash_to_info') === false ? undefined : '0123abcd45',
    modelName: options.get('add_model_name_to_info') === false ? undefined : get('model_name', 'model-a'),
    variation: { seed: 777n + BigInt(index), strength: get<number | bigint>('subseed_strength', 0) },
    seedResizeFrom: {
      width: Number(get('seed_resize_from_w', 0n)),
      height: Number(get('seed_resize_from_h', 0n)),
    },
    conditionalMaskWeight: changes.get('inpaint_cond') === true ? 1 : undefined,
    clipSkip: Number(get('clip_skip', options.get('CLIP_stop_at_last_layers') ?? 1n)),
    etaNoiseSeedDelta: usesSeedDelta ? Number(options.get('eta_noise_seed_delta') ?? 0n) : 0,
    tokenMergingRatio: get('token_merging', 0),
    tokenMergingRatioHires: changes.get('enable_hr') === true ? get('token_merging_hr', 0) : 0,
    initImageHash: get('init_img_hash', undefined),
    randomSource: String(options.get('randn_source') ?? 'CPU'),
    tiling: changes.get('tiling') === true,
    extra: new Map([...objectOf('extra')].map(([key, value]) => [key, pick(value)])),
    version: options.get('add_version_to_infotext') === false ? undefined : 'f2.0.1v1.10.1',
    user: options.get('add_user_name_to_info') === true ? get('user', undefined) : undefined,
  }
}

async function compareSampling(folder: string): Promise<Comparison[]> {
  const lines = readFileSync(`${folder}sampling/infotext.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  const rows = lines.map((line) => JSON.parse(line) as Row)
  const setup = rows[0] ?? {}
  const comparisons: Comparison[] = []
  const add = async (group: string, name: unknown, compute: () => number, exception?: string) => {
    const comparison = await compareCase(group, JSON.stringify(name).slice(0, 80), compute)
    comparisons.push(exception === undefined ? comparison : { ...comparison, exception })
  }
  for (const [index, row] of rows.entries()) {
    const parse = (text: string) => Object.fromEntries(parseInfotext(text, toReading(setup, row['options'])))
    switch (row['kind']) {
      case 'parse':
        await add(
          'infotext read',
          row['text'],
          () => compareExactly(parse(row['text']), dropForgeKeys(row['out'])),
          explainForge(row),
        )
        break
      case 'quote':
        if (typeof row['value'] === 'string')
          await add('infotext quotes', row['value'], () =>
            compareExactly(quoteValue(row['value']), row['out']),
          )
        break
      case 'unquote':
        await add('infotext quotes', row['value'], () =>
          compareExactly(unquoteValue(row['value']), row['out']),
        )
        break
      case 'old_hires_dimensions':
        if (row['out'] !== null) {
          const size = { width: row['width'], height: row['height'] }
          await add('old hires sizes', size, () =>
            compareExactly(Object.values(toOldFirstPassSize(size)), row['out']),
          )
        }
        break
      case 'create': {
        const exact = parseExactJson(lines[index] ?? '') as ExactObject
        await add('infotext written', row['changes'], () =>
          compareExactly(createInfotext(toFields(exact.get('changes') as ExactObject)), row['out']),
        )
        await add('infotext read', row['out'], () =>
          compareExactly(parse(row['out']), dropForgeKeys(row['parsed_back'])),
        )
        break
      }
    }
  }
  return comparisons
}

const recordedStyles = [
  { name: 'Moody', prompt: 'dark clouds', negativePrompt: 'bright' },
  { name: 'Wrap', prompt: 'photo of {prompt}, 35mm', negativePrompt: 'blurry' },
  { name: 'NegOnly', prompt: '', negativePrompt: 'lowres, jpeg' },
]

async function comparePngInfo(folder: string): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  const facts = {
    width: 8,
    height: 8,
    resolveSampler: (alias: string) => (alias === 'k_euler_ancestral' ? 'Euler a' : undefined),
  }
  for (const row of readLines<Row>(`${folder}webui-wire/a1111/utils.jsonl`)) {
    const image = String(row['request']?.body?.image ?? '')
    const isReadable =
      String(row['request']?.path).endsWith('png-info') &&
      row['response'].status === 200 &&
      !/^[$ ]/.test(image)
    if (!isReadable) continue
    const answer = row['response'].body as Row
    const compute = () => {
      const { infotext, items } = readImageInfotext(Buffer.from(image, 'base64'), facts)
      const reading = {
        ...toReading({ options: { infotext_styles: 'Apply if any', auto_backcompat: true }, styles: {} }),
        styles: recordedStyles,
      }
      const parameters = Object.fromEntries(parseInfotext(infotext, reading))
      return compareExactly({ info: infotext, items: Object.fromEntries(items), parameters }, answer)
    }
    const exception = String(answer['info']).includes('ControlNet 0')
      ? { exception: "the ControlNet extension's own keys" }
      : {}
    comparisons.push({ ...(await compareCase('png-info', String(row['id']), compute)), ...exception })
  }
  return comparisons
}

/** Compares infotexts written and read, and what pictures say. */
export async function compareInfotexts(folder: string): Promise<Comparison[]> {
  return [...(await compareSampling(folder)), ...(await comparePngInfo(folder))]
}
