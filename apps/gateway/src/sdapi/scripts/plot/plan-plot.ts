import { toPythonFloat, toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import { fixSeed } from '../../generation/draw-seed.ts'
import { pythonException } from '../../errors.ts'
import type { GenerationPlan } from '../../generation/generation-plan.ts'
import { optionFlag, optionNumber } from '../../options/options-store.ts'
import type { Parameter } from '../../parameters/parameter.ts'
import type { PlotNote } from '../grids/grid-note.ts'
import { refuseTooManyParts } from '../limits.ts'
import { describePrompts } from '../processed.ts'
import type { Script, ScriptContext, ScriptPlan } from '../script.ts'
import { isTruthy, takeInteger } from '../values.ts'
import { listAxes } from './axes.ts'
import { readValues, takeTexts } from './axis-values.ts'
import type { Axis, AxisValue } from './axis.ts'
import { EXTENSION_AXES, findExtensionAxis } from './extension-axes.ts'
import { describeNothing } from './describe-nothing.ts'
import { orderCells, type Cell } from './order-cells.ts'

const MAX_MARGIN = 500
/** Where the three arguments stand that say along which axes seeds vary. */
const VARIED_SEEDS_AT = 13
const PIXELS_PER_MEGAPIXEL = 1e6

/** Draws a request at every combination of the values of up to three axes. */
export const PLOT: Script = {
  title: 'x/y/z plot',
  args: [
    ...['x_type', 'x_values', 'x_values_dropdown', 'y_type', 'y_values', 'y_values_dropdown'],
    ...['z_type', 'z_values', 'z_values_dropdown', 'draw_legend', 'include_lone_images', 'include_sub_grids'],
    ...['no_fixed_seeds', 'vary_seeds_x', 'vary_seeds_y', 'vary_seeds_z', 'margin_size', 'csv_mode'],
  ],
  fromEarlier: addVariedSeeds,
  checksParts: true,
  plan(context) {
    const keepsSeeds = isTruthy(context.args[12] ?? null)
    const axes = [0, 3, 6].map((at) => readAxis(context, at, keepsSeeds)) as [ReadAxis, ReadAxis, ReadAxis]
    const changes: Record<string, ExactValue> = keepsSeeds
      ? {}
      : {
          seed: fixSeed(context.request.integer('seed'), context.random),
          subseed: fixSeed(context.request.integer('subseed'), context.random),
        }
    if (!optionFlag(context.options, 'return_grid')) changes['batch_size'] = 1n
    return planCells({ ...context, request: context.request.with(changes) }, axes)
  },
}

/** Clients (`webuiapi`) still send what there was before seeds could vary: 13 arguments, the margin and perhaps the last. */
function addVariedSeeds(args: readonly ExactValue[]): readonly ExactValue[] {
  const [before, after] = [args.slice(0, VARIED_SEEDS_AT), args.slice(VARIED_SEEDS_AT)]
  const isEarlier = after.length === 1 || after.length === 2
  return isEarlier ? [...before, false, false, false, after[0]!, after[1] ?? false] : args
}

interface ReadAxis {
  readonly axis: Axis
  readonly values: readonly AxisValue[]
  /** Its values as they were written. */
  readonly written: string
  /** Its seeds were drawn or fixed, and are told. */
  readonly tellsSeeds: boolean
}

function readAxis(context: ScriptContext, at: number, keepsSeeds: boolean): ReadAxis {
  const { args, models, random } = context
  const axis = findAxis(args[at] ?? null, context.isImageToImage)
  const { texts, written } = takeTexts(axis, {
    ...{ values: args[at + 1] ?? null, choices: args[at + 2] ?? null },
    usesTexts: isTruthy(args[17] ?? null),
  })
  const values = readValues(axis, texts)
  axis.confirm?.(values, models)
  const tellsSeeds = !keepsSeeds && (axis.label === 'Seed' || axis.label === 'Var. seed')
  const fixed = tellsSeeds ? values.map((value) => (value === -1n ? fixSeed(-1n, random) : value)) : values
  return { axis, values: fixed, written, tellsSeeds }
}

/**
 * Axes are named by their place; their labels are taken too.
 * @throws ApiError for others
 */
function findAxis(given: ExactValue, isImageToImage: boolean): Axis {
  const axes = listAxes(isImageToImage)
  const isPlace = typeof given === 'bigint' || typeof given === 'number'
  const found = isTruthy(given)
    ? isPlace
      ? axes.at(Math.trunc(Number(given)))
      : (axes.find(({ label }) => label === given) ?? findExtensionAxis(String(given)))
    : axes[0]
  if (found !== undefined) return found
  if (!isPlace) {
    const text = `list indices must be integers or slices, not ${toPythonTypeName(given)}`
    throw pythonException('TypeError', text)
  }
  const extension = EXTENSION_AXES[Math.trunc(Number(given)) - axes.length]
  if (extension === undefined) throw pythonException('IndexError', 'list index out of range')
  const drawn = findExtensionAxis(extension)
  if (drawn !== undefined) return drawn
  throw pythonException('NotImplementedError', `the axis ${extension} is not supported by this server`)
}

type Axes = readonly [ReadAxis, ReadAxis, ReadAxis]

function planCells(context: ScriptContext, axes: Axes): ScriptPlan {
  const [x, y, z] = axes
  const { request, args } = context
  const total = x.values.length * y.values.length * z.values.length
  if (total === 0) return { parts: [], names: [], info: describeNothing(context), answer: { texts: 'own' } }
  refuseTooManyParts(total, total * request.count('batch_size') * request.count('n_iter'))
  refuseLargePlot(context, total)
  const cells = orderCells(
    axes.map(({ values }) => values.length) as [number, number, number],
    axes.map(({ axis }) => axis.cost ?? 0) as [number, number, number],
  )
  const parts = cells.map((cell) => planCell(context, axes, cell))
  const first = parts[0]!
  const note: PlotNote = {
    kind: 'plot',
    ...{ x: x.values.map(label(x)), y: y.values.map(label(y)), z: z.values.map(label(z)) },
    cells: cells.map(({ index }) => index),
    hasLegend: isTruthy(args[9] ?? null),
    hasPictures: isTruthy(args[10] ?? null),
    hasSubGrids: isTruthy(args[11] ?? null),
    margin: takeInteger(args[16], 'margin_size', [0, MAX_MARGIN]),
    texts: writeTexts(context, axes, { cells, parts }),
  }
  return {
    parts,
    names: cells.map(({ index }) => `${index + 1} out of ${total}`),
    info: describePlot(context, note, { parts, cells, first }),
    answer: { texts: 'own', grid: note },
  }
}

function refuseLargePlot({ request, options }: ScriptContext, total: number): void {
  const pixels = total * request.count('width') * request.count('height')
  const megapixels = Math.round(pixels / PIXELS_PER_MEGAPIXEL)
  const limit = optionNumber(options, 'img_max_size_mp', 200)
  if (megapixels < limit) return
  throw pythonException(
    'AssertionError',
    `Error: Resulting grid would be too large (${megapixels} MPixels) (max configured size is ${limit} MPixels)`,
  )
}

function planCell(context: ScriptContext, [x, y, z]: Axes, { at }: Cell): GenerationPlan {
  const { models, args } = context
  let { request } = context
  for (const [index, read] of [x, y, z].entries()) {
    const value = read.values[at[index]!]!
    request = read.axis.apply(request, value, { values: read.values, models })
  }
  const [variesX, variesY, variesZ] = [13, 14, 15].map((index) => isTruthy(args[index] ?? null))
  const width = variesX ? x.values.length : 1
  const height = variesY ? y.values.length : 1
  const shift = (variesX ? at[0] : 0) + (variesY ? at[1] * width : 0) + (variesZ ? at[2] * width * height : 0)
  const seed = request.integer('seed') ?? -1n
  return context.plan(shift === 0 ? request : request.with({ seed: seed + BigInt(shift) }))
}

const label =
  ({ axis }: ReadAxis) =>
  (value: AxisValue): string => {
    if (axis.label === 'Nothing') return ''
    const text = toText(value)
    if (axis.shows === 'value') return text
    return axis.shows === 'file' ? (text.split(/[\\/]/).at(-1) ?? text) : `${axis.label}: ${text}`
  }

/** A value as Python prints it, fractions with eight digits at most. */
function toText(value: AxisValue): string {
  if (typeof value === 'number') return toPythonFloat(Number(value.toFixed(8)))
  return Array.isArray(value) ? value.join(', ') : String(value)
}

interface PlottedCells {
  readonly cells: readonly Cell[]
  readonly parts: readonly GenerationPlan[]
}

/** Infotexts of the grids: of the first cell of each, with the axes. */
function writeTexts(context: ScriptContext, [x, y, z]: Axes, { cells, parts }: PlottedCells): string[] {
  const ofGrid: Parameter[] = [
    { key: 'Script', value: 'X/Y/Z plot' },
    ...describeAxis('X', x),
    ...describeAxis('Y', y),
  ]
  const cornerAt = (depth: number) => {
    const part = cells.findIndex(({ at }) => at[0] === 0 && at[1] === 0 && at[2] === depth)
    return parts[part]!
  }
  const grids = z.values.map((_, depth) => context.infotextOf(cornerAt(depth), ofGrid))
  return [context.infotextOf(cornerAt(0), [...ofGrid, ...describeAxis('Z', z)]), ...grids]
}

function describeAxis(name: string, { axis, values, written, tellsSeeds }: ReadAxis): Parameter[] {
  if (axis.label === 'Nothing') return []
  return [
    { key: `${name} Type`, value: axis.label },
    { key: `${name} Values`, value: written },
    ...(tellsSeeds ? [{ key: `Fixed ${name} Values`, value: values.map(String).join(', ') }] : []),
  ]
}

/** `info`: the first cell's, with the prompts and seeds of all; grids repeat those of their first cell (A1111). */
function describePlot(
  context: ScriptContext,
  note: PlotNote,
  { parts, cells, first }: PlottedCells & { first: GenerationPlan },
): Map<string, ExactValue> {
  const ordered = [...cells.keys()]
    .sort((a, b) => cells[a]!.index - cells[b]!.index)
    .map((part) => parts[part]!)
  const size = note.x.length * note.y.length
  const repeat = (values: ExactValue[]): ExactValue[] => [
    ...note.z.map((_, depth) => values[depth * size] ?? null),
    ...values,
  ]
  const all = (take: (plan: GenerationPlan) => ExactValue) => {
    const values = repeat(ordered.map(take))
    return note.hasSubGrids ? values : [...values.slice(0, 1), ...values.slice(1 + note.z.length)]
  }
  return new Map<string, ExactValue>([
    ...context.describe(first),
    ...describePrompts(first),
    ['all_prompts', all(({ prompt }) => prompt)],
    ['all_seeds', all(({ seeds }) => seeds[0] ?? 0n)],
    ['all_subseeds', [...first.subseeds]],
    ['index_of_first_image', 1n],
  ])
}
