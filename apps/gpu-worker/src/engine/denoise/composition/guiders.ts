import { combine } from '../combine.ts'
import type { Denoised, Denoiser } from '../sampler.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Composer } from './compose.ts'
import type { GuidingLists } from './guiding-entry.ts'

/** Relative distance from 1 within which a guidance scale leaves the unconditional out, as Python's isclose. */
const CLOSE = 1e-9

/** How predictions under several conditionings become one. */
export interface GuidanceRule {
  /** The roles that are looked at; a role without entries predicts zero. */
  readonly roles: (needsUnconditional: boolean) => readonly string[]
  /** Joins predictions in the order of the roles. */
  readonly join: (predictions: readonly Tensor[]) => Denoised
}

/** A denoiser that composes each role's conditionings and joins them by a rule. */
export function createComposedDenoiser({
  compose,
  lists,
  rule,
  needsUnconditional,
}: {
  readonly compose: Composer
  readonly lists: GuidingLists
  readonly rule: GuidanceRule
  /** The sampler looks at the unconditional prediction. */
  readonly needsUnconditional: boolean
}): Denoiser {
  const roles = rule.roles(needsUnconditional)
  let calls = 0
  return async (latent, sigma) => {
    const call = calls
    calls += 1
    const wanted = roles.map((role) => lists[role] ?? [])
    return rule.join(await compose(wanted, { latent, sigma, call }))
  }
}

/** Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): `u + scale·(c - u)`. */
export function guideByScale(scale: number): GuidanceRule {
  return {
    roles: (needsUnconditional) =>
      isOne(scale) && !needsUnconditional ? ['positive'] : ['positive', 'negative'],
    join: ([positive, negative]) => ({
      latent: negative === undefined ? positive! : interpolate(negative, positive!, scale),
      unconditional: negative ?? positive!,
    }),
  }
}

/**
 * Guidance between three conditionings, as InstructPix2Pix asks for it (Brooks et al. 2022, arXiv 2211.09800): the middle
 * one is guided away from the negative by `outer`, the positive away from the middle by `inner`; nested, the inner
 * guidance is done first and its result guided away from the negative.
 */
export function guideBetween({
  inner,
  outer,
  isNested,
}: {
  readonly inner: number
  readonly outer: number
  readonly isNested: boolean
}): GuidanceRule {
  const roles = ['positive', 'middle', 'negative'] as const
  if (isNested) {
    return {
      roles: () => roles,
      join: ([positive, middle, negative]) => ({
        latent: interpolate(negative!, interpolate(middle!, positive!, inner), outer),
        unconditional: middle!,
      }),
    }
  }
  return {
    roles: (needsUnconditional) => {
      if (needsUnconditional || !isOne(outer)) return roles
      // Negative and middle cancel out where both scales are one.
      return isOne(inner) ? ['positive'] : ['positive', 'middle']
    },
    join: ([positive, middle, negative]) => {
      if (middle === undefined) return { latent: positive!, unconditional: positive! }
      const guided = negative === undefined ? middle : interpolate(negative, middle, outer)
      return {
        latent: combine([1, guided], [inner, positive!], [-inner, middle]),
        unconditional: negative ?? middle,
      }
    },
  }
}

function isOne(scale: number): boolean {
  return Math.abs(scale - 1) <= CLOSE * Math.max(Math.abs(scale), 1)
}

/** `from` at 0, `to` at 1, and beyond. */
function interpolate(from: Tensor, to: Tensor, share: number): Tensor {
  return combine([1 - share, from], [share, to])
}
