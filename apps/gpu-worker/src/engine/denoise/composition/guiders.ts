import { combine } from '../combine.ts'
import type { Denoised, Denoiser } from '../sampler.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Composer } from './compose.ts'
import type { GuidanceExtra } from './guidance-extra.ts'
import { markLists } from './guide-by-attention.ts'
import type { GuidingLists } from './guiding-entry.ts'

/** Relative distance from 1 within which a guidance scale leaves the unconditional out, as Python's isclose. */
const CLOSE = 1e-9

/** Guides a prediction away from another by a scale; without another, by none. */
export type Guide = (negative: Tensor | undefined, positive: Tensor, scale: number) => Tensor

/** Classifier-free guidance as it was published: the line through both. */
export const guideLinearly: Guide = (negative, positive, scale) =>
  negative === undefined ? positive : interpolate(negative, positive, scale)

/** How predictions under several conditionings become one. */
export interface GuidanceRule {
  /** The roles that are looked at; a role without entries predicts zero. */
  readonly roles: (needsUnconditional: boolean) => readonly string[]
  /** Joins predictions in the order of the roles, guiding by what the model says where it says something. */
  readonly join: (predictions: readonly Tensor[], guide?: Guide) => Denoised
  /** The guidance scale, where there is one between positive and negative. */
  readonly scale?: number
}

/** A denoiser that composes each role's conditionings and joins them by a rule. */
export function createComposedDenoiser({
  compose,
  lists,
  rule,
  needsUnconditional,
  guideAt,
  extras = [],
}: {
  readonly compose: Composer
  readonly lists: GuidingLists
  readonly rule: GuidanceRule
  /** The sampler looks at the unconditional prediction. */
  readonly needsUnconditional: boolean
  /** How the model guides what it sees; absent: linearly. */
  readonly guideAt?: ((latent: Tensor, sigma: number) => Guide) | undefined
  /** Changes that need predictions of their own, in their order. */
  readonly extras?: readonly GuidanceExtra[] | undefined
}): Denoiser {
  const roles = rule.roles(needsUnconditional || extras.some((extra) => extra.needsUnconditional))
  const marked = markLists(lists, extras)
  const asked = extras.map(({ ask }) => ask?.(lists) ?? [])
  let calls = 0
  return async (latent, sigma) => {
    const moment = { latent, sigma, call: calls }
    calls += 1
    const predictions = await compose([...roles.map((role) => marked[role] ?? []), ...asked.flat()], moment)
    const byRole = predictions.slice(0, roles.length)
    const { latent: joined, unconditional } = rule.join(byRole, guideAt?.(latent, sigma))
    const of = (role: string) => byRole[roles.indexOf(role)]
    let [guided, next] = [joined, roles.length]
    for (const [i, { finish }] of extras.entries()) {
      const own = predictions.slice(next, (next += asked[i]!.length))
      const seen = { ...moment, guided, own, lists, compose }
      guided = await finish({ ...seen, positive: of('positive') ?? joined, negative: of('negative') })
    }
    return { latent: guided, unconditional }
  }
}

/** Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598): `u + scale·(c - u)`. */
export function guideByScale(scale: number): GuidanceRule {
  return {
    roles: (needsUnconditional) =>
      isOne(scale) && !needsUnconditional ? ['positive'] : ['positive', 'negative'],
    join: ([positive, negative], guide = guideLinearly) => ({
      latent: guide(negative, positive!, scale),
      unconditional: negative ?? positive!,
    }),
    scale,
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
      join: ([positive, middle, negative], guide = guideLinearly) => ({
        latent: interpolate(negative!, guide(middle, positive!, inner), outer),
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
    join: ([positive, middle, negative], guide = guideLinearly) => {
      if (middle === undefined) return { latent: positive!, unconditional: positive! }
      const guided = guide(negative, middle, outer)
      return {
        latent: combine([1, guided], [inner, positive!], [-inner, middle]),
        unconditional: negative ?? middle,
      }
    },
  }
}

/**
 * Guidance whose negative acts only across the direction of the positive, both seen from an empty prompt (Armandpour et
 * al. 2023, arXiv 2304.04968).
 */
export function guidePerpendicularly(scale: number, negativeScale: number): GuidanceRule {
  return {
    roles: () => ['positive', 'negative', 'empty'],
    join: ([positive, negative, empty]) => {
      const towards = combine([1, positive!], [-1, empty!])
      const away = combine([1, negative!], [-1, empty!])
      const share = dot(away, towards) / dot(towards, towards)
      const across = combine([1, away], [-share, towards])
      return {
        latent: combine([1, empty!], [scale, towards], [-scale * negativeScale, across]),
        unconditional: negative!,
      }
    },
  }
}

function dot(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)
}

function isOne(scale: number): boolean {
  return Math.abs(scale - 1) <= CLOSE * Math.max(Math.abs(scale), 1)
}

/** `from` at 0, `to` at 1, and beyond. */
function interpolate(from: Tensor, to: Tensor, share: number): Tensor {
  return combine([1 - share, from], [share, to])
}
