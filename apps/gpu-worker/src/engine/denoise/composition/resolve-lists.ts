import { resizeTensor } from '../../resample/resize-tensor.ts'
import { roundHalfEven } from '../schedules/schedule.ts'
import type { PlaneBox } from '../../tensor/planes.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { ModelSampling } from '../model-sampling.ts'
import type { GuidingEntry, GuidingLists } from './guiding-entry.ts'

/** Where, when and how strongly an entry of a conditioning guides, as nodes say it. */
export interface EntryScope {
  /** In cells, or in shares of the latent's sides. */
  readonly area?: (PlaneBox & { readonly isShare?: boolean }) | undefined
  readonly strength?: number | undefined
  /** [masks, H, W] or [H, W] of any size. */
  readonly mask?: Tensor | undefined
  /** Factor on the mask; 1 where absent. */
  readonly maskStrength?: number | undefined
  /** The area is the mask's bounding box. */
  readonly isBoundByMask?: boolean | undefined
  /** Shares of the run, 0 to 1, at which it begins and ends to guide. */
  readonly startPercent?: number | undefined
  readonly endPercent?: number | undefined
  /** Shares of the run its text was encoded for. */
  readonly textSpan?: readonly [start: number, end: number] | undefined
  /** It guides where no other entry of its role does. */
  readonly isDefault?: boolean | undefined
}

/** What an entry tells the network. */
export type EntryContent = Pick<
  GuidingEntry,
  'tokens' | 'controlTokens' | 'label' | 'concat' | 'controls' | 'networkAt'
>

/** An entry before it is fitted to a latent. */
export interface ScopedEntry {
  readonly content: EntryContent
  readonly scope: EntryScope
}

/** Smallest side of an area that is a mask's bounding box, in cells. */
const SMALLEST_SIDE = 8

/**
 * Fits the entries of each role to a latent [.., .., h, w]: areas in cells, masks in its size, shares of the run as
 * sigmas. Every area of one role has an entry of the same area in the others, made from the smallest one around it.
 */
export function resolveLists(
  roles: Readonly<Record<string, readonly ScopedEntry[]>>,
  { shape, model }: { readonly shape: readonly number[]; readonly model: ModelSampling },
): GuidingLists {
  const lists = Object.fromEntries(
    Object.entries(roles).map(([role, entries]) => [
      role,
      entries.map((entry) => resolveEntry(entry, shape, model)),
    ]),
  )
  for (const role of Object.keys(lists)) {
    for (const entry of lists[role]!) {
      for (const other of Object.keys(lists)) if (other !== role) addOpposite(lists[other]!, entry)
    }
  }
  return lists
}

function resolveEntry(
  { content, scope }: ScopedEntry,
  shape: readonly number[],
  model: ModelSampling,
): GuidingEntry {
  const [height, width] = shape.slice(2) as [number, number]
  const mask = scope.mask && fitPlanes(scope.mask, { height, width })
  const { maskStrength = 1, isDefault } = scope
  const [startPercent, endPercent] = spanOf(scope)
  return {
    ...content,
    area: mask && scope.isBoundByMask === true ? boundsOf(mask) : toCells(scope.area, { height, width }),
    mask: mask && multiply(mask, maskStrength),
    strength: scope.strength ?? 1,
    startSigma: startPercent === undefined ? Infinity : model.atPercent(startPercent),
    endSigma: endPercent === undefined ? 0 : model.atPercent(endPercent),
    ...(isDefault === true && { isDefault }),
  }
}

function spanOf({
  startPercent,
  endPercent,
  textSpan,
}: EntryScope): [number | undefined, number | undefined] {
  if (textSpan === undefined) return [startPercent, endPercent]
  return [Math.max(textSpan[0], startPercent ?? 0), Math.min(textSpan[1], endPercent ?? 1)]
}

function toCells(
  area: EntryScope['area'],
  { height, width }: { height: number; width: number },
): PlaneBox | undefined {
  if (area?.isShare !== true) return area
  return {
    height: Math.max(1, roundHalfEven(area.height * height)),
    width: Math.max(1, roundHalfEven(area.width * width)),
    top: roundHalfEven(area.top * height),
    left: roundHalfEven(area.left * width),
  }
}

function fitPlanes(mask: Tensor, { height, width }: { height: number; width: number }): Tensor {
  const [ownHeight, ownWidth] = mask.shape.slice(-2) as [number, number]
  const count = mask.data.length / (ownHeight * ownWidth)
  if (ownHeight === height && ownWidth === width) return createTensor([count, height, width], mask.data)
  const planes = createTensor([count, 1, ownHeight, ownWidth], mask.data)
  return createTensor([count, height, width], resizeTensor(planes, width, height, 'bilinear').data)
}

function multiply(mask: Tensor, factor: number): Tensor {
  return factor === 1
    ? mask
    : createTensor(
        mask.shape,
        mask.data.map((value) => value * factor),
      )
}

/** The box around every cell that is not zero in some mask. */
function boundsOf({ shape, data }: Tensor): PlaneBox {
  const [, height, width] = shape as [number, number, number]
  let [top, left, bottom, right] = [height, width, -1, -1]
  data.forEach((value, i) => {
    if (value === 0) return
    const [y, x] = [Math.floor(i / width) % height, i % width]
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    left = Math.min(left, x)
    right = Math.max(right, x)
  })
  if (bottom < 0) return { top: 0, left: 0, height: SMALLEST_SIDE, width: SMALLEST_SIDE }
  return {
    top,
    left,
    height: Math.max(SMALLEST_SIDE, bottom - top + 1),
    width: Math.max(SMALLEST_SIDE, right - left + 1),
  }
}

/** Adds an entry of the same area with the content of the smallest one around it, unless there is one. */
function addOpposite(list: GuidingEntry[], { area, ...rest }: GuidingEntry): void {
  if (area === undefined) return
  let smallest: GuidingEntry | undefined
  for (const candidate of list) {
    if (candidate.area === undefined) smallest ??= candidate
    else if (isInside(area, candidate.area)) {
      if (smallest?.area === undefined || sizeOf(candidate.area) < sizeOf(smallest.area)) smallest = candidate
    }
  }
  if (smallest === undefined || isSame(smallest.area, area)) return
  const { tokens, controlTokens, label, concat } = smallest
  list.push({ ...rest, area, tokens, controlTokens, label, concat })
}

function sizeOf({ height, width }: PlaneBox): number {
  return height * width
}

function isSame(a: PlaneBox | undefined, b: PlaneBox): boolean {
  return a?.top === b.top && a.left === b.left && a.height === b.height && a.width === b.width
}

function isInside(inner: PlaneBox, outer: PlaneBox): boolean {
  return (
    inner.top >= outer.top &&
    inner.left >= outer.left &&
    inner.top + inner.height <= outer.top + outer.height &&
    inner.left + inner.width <= outer.left + outer.width
  )
}
