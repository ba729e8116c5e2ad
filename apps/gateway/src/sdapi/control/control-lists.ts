import { CONTROL_TYPES, PREPROCESSORS, type Preprocessor, type Slider } from '@atelier/catalog'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { ModelIndex } from '../../models/model-index.ts'
import { listControlModels, toControlTitle } from './control-models.ts'
import { whyMissing } from './preprocessor-files.ts'

/** Answer of GET /controlnet/model_list. */
export function listModels(models: ModelIndex): ExactObject {
  return new Map([['model_list', listControlModels(models).map(toControlTitle)]])
}

/** Answer of GET /controlnet/module_list: names, or labels, and the settings of each; where asked, what cannot be used. */
export function listModules(models: ModelIndex, { showsLabels = false, showsMissing = false }): ExactObject {
  const toName = ({ name, label }: Preprocessor) => (showsLabels ? label : name)
  const missing = PREPROCESSORS.flatMap((one): [string, string][] => {
    const reason = whyMissing(one, models)
    return reason === undefined ? [] : [[toName(one), reason]]
  })
  return new Map<string, ExactValue>([
    ['module_list', PREPROCESSORS.map(toName)],
    ['module_detail', new Map(PREPROCESSORS.map((one) => [toName(one), describe(one)]))],
    ...(showsMissing ? [['unavailable', new Map<string, ExactValue>(missing)] as const] : []),
  ])
}

function describe({ isModelFree, resolution, thresholdA, thresholdB }: Preprocessor): ExactObject {
  const shown = [resolution, thresholdA, thresholdB].filter(({ isVisible }) => isVisible)
  return new Map<string, ExactValue>([
    ['model_free', isModelFree],
    ['sliders', shown.map(toSlider)],
  ])
}

function toSlider({ label, value, minimum, maximum, step }: Slider): ExactObject {
  return new Map<string, ExactValue>([
    ['name', label],
    ['value', value],
    ['min', minimum],
    ['max', maximum],
    ['step', step],
  ])
}

/** Other words of a type that names of its models have. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  instructp2p: ['ip2p'],
  segmentation: ['seg'],
  normalmap: ['normal'],
  't2i-adapter': ['t2i_adapter', 't2iadapter', 't2ia'],
  'ip-adapter': ['ip_adapter', 'ipadapter'],
  openpose: ['openpose', 'densepose'],
  'instant-id': ['instant_id', 'instantid'],
  scribble: ['sketch'],
  tile: ['blur'],
}
/** Types that union networks can be told. */
const UNION_TYPES = new Set([
  ...['openpose', 'depth', 'softedge', 'scribble', 'canny', 'lineart', 'mlsd'],
  ...['normalmap', 'segmentation', 'inpaint', 'tile'],
])
/** Version mark of the models that are preferred. */
const PREFERRED = '11'

/** Answer of GET /controlnet/control_types: preprocessors and models of each type, and which of them come first. */
export function listControlTypes(models: ModelIndex): ExactObject {
  const titles = listControlModels(models).map(toControlTitle)
  const types = CONTROL_TYPES.map((type): [string, ExactObject] => [type, describeType(type, titles)])
  return new Map([['control_types', new Map(types)]])
}

function describeType(type: string, titles: readonly string[]): ExactObject {
  const isAll = type === 'All'
  const fitting = isAll ? [...titles] : titles.filter((title) => fitsType(title, type.toLowerCase()))
  const modules = PREPROCESSORS.filter(({ name, types }) => isAll || name === 'none' || types.includes(type))
  const preferred = fitting.find((title) => title.split('[')[0]!.includes(PREFERRED)) ?? fitting[0]
  const [first, second] = modules
  return new Map<string, ExactValue>([
    ['module_list', modules.map(({ label }) => label)],
    ['model_list', ['None', ...fitting]],
    ['default_option', isAll ? 'none' : (second ?? first)!.label],
    ['default_model', isAll ? 'None' : (preferred ?? 'None')],
  ])
}

function fitsType(title: string, type: string): boolean {
  const words = [type, ...(WORDS[type] ?? []), ...(UNION_TYPES.has(type) ? ['union'] : [])]
  const name = title.toLowerCase()
  return words.some((word) => name.includes(word))
}
