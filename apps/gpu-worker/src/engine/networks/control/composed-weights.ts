import { countF32Bytes, type TensorEntry, type WeightFile } from '../../checkpoint/weight-file.ts'
import { GraphBuilder, type Value } from '../../onnx/graph-builder.ts'

/** The UNet that a file's weights are differences from. */
export interface BaseWeights {
  readonly file: WeightFile
  /** What stands before the UNet's tensor names there. */
  readonly prefix: string
}

/** What the tensors of a file mean: themselves, low-rank changes, or differences, of a UNet's of the same name. */
export type Composition = 'whole' | 'low-rank' | 'difference'

/**
 * A graph builder whose weights are put together from a control file and the UNet it belongs to. The sums are made when
 * the session is, from both files in place.
 */
export class ComposedWeights extends GraphBuilder {
  readonly #file: WeightFile
  readonly #prefix: string
  readonly #composition: Composition
  readonly #sums = new Map<string, Value>()

  constructor(file: WeightFile, base: BaseWeights, composition: Exclude<Composition, 'whole'>) {
    const joined = joinFiles(file, base)
    super(joined)
    this.#file = joined
    this.#prefix = base.prefix
    this.#composition = composition
  }

  override shapeOf(name: string): readonly number[] | undefined {
    return super.shapeOf(name) ?? (this.#isLowRank(name) ? super.shapeOf(this.#prefix + name) : undefined)
  }

  override weight(name: string): Value {
    const known = this.#sums.get(name)
    if (known !== undefined) return known
    const value = this.#compose(name)
    this.#sums.set(name, value)
    return value
  }

  #compose(name: string): Value {
    if (this.#isLowRank(name)) {
      const shape = super.shapeOf(this.#prefix + name)!
      return this.op('Add', [super.weight(this.#prefix + name), this.#product(toModule(name), shape)])
    }
    const isDifference = this.#composition === 'difference' && this.#file.tensors.has(this.#prefix + name)
    return isDifference
      ? this.op('Add', [super.weight(name), super.weight(this.#prefix + name)])
      : super.weight(name)
  }

  /** `up @ down`, both flat, in the weight's shape. */
  #product(module: string, shape: readonly number[]): Value {
    const [outputs, rank] = super.shapeOf(`${module}.up`)!
    const up = this.op('Reshape', [super.weight(`${module}.up`), this.integers([outputs!, rank!])])
    const down = this.op('Reshape', [super.weight(`${module}.down`), this.integers([rank!, -1])])
    return this.op('Reshape', [this.op('MatMul', [up, down]), this.integers(shape)])
  }

  #isLowRank(name: string): boolean {
    return (
      this.#composition === 'low-rank' &&
      name.endsWith('.weight') &&
      this.#file.tensors.has(`${toModule(name)}.up`) &&
      this.#file.tensors.has(this.#prefix + name)
    )
  }
}

function toModule(name: string): string {
  return name.slice(0, -'.weight'.length)
}

/** The control file's tensors, and the UNet's under their own prefixed names. */
function joinFiles(file: WeightFile, base: BaseWeights): WeightFile {
  const tensors = new Map<string, TensorEntry>(file.tensors)
  for (const [name, entry] of base.file.tensors)
    if (name.startsWith(base.prefix)) tensors.set(name, { ...entry, path: entry.path ?? base.file.path })
  return { ...file, tensors }
}

/** The names a low-rank file stands for, with the UNet's shapes, so that its structure can be read off. */
export function describeLowRank(file: WeightFile, base: BaseWeights): WeightFile {
  const tensors = new Map<string, TensorEntry>(file.tensors)
  for (const name of file.tensors.keys()) {
    const module = name.endsWith('.up') ? name.slice(0, -'.up'.length) : undefined
    const entry = module === undefined ? undefined : base.file.tensors.get(`${base.prefix}${module}.weight`)
    if (entry !== undefined) tensors.set(`${module}.weight`, entry)
  }
  return { ...file, tensors }
}

/** Bytes that a low-rank file takes as f32 once it is loaded: the weights it stands for, without the factors of their changes. */
export function countLowRankBytes(file: WeightFile, base: BaseWeights): number {
  const { tensors } = describeLowRank(file, base)
  const kept = [...tensors].filter(([name]) => !name.endsWith('.up') && !name.endsWith('.down'))
  return countF32Bytes({ ...file, tensors: new Map(kept) })
}
