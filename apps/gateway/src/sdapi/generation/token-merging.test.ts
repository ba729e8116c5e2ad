import { describe, expect, it } from 'vitest'
import type { GenerationPlan } from './generation-plan.ts'
import { limitRatio, tokenMergingRatios } from './token-merging.ts'

const plan = (options: Readonly<Record<string, number>>, more: { img2img?: boolean; hires?: boolean } = {}) =>
  ({
    options: new Map(Object.entries(options)),
    request: { flag: () => more.hires === true },
    isImageToImage: more.img2img === true,
  }) as unknown as GenerationPlan

describe('shares of merged tokens', () => {
  it('are the option of text to image', () => {
    expect(tokenMergingRatios(plan({ token_merging_ratio: 0.3 }))).toEqual({ first: 0.3 })
  })

  it('of image to image have an option of their own, which counts where it is not 0', () => {
    const options = { token_merging_ratio: 0.3, token_merging_ratio_img2img: 0.6 }
    expect(tokenMergingRatios(plan(options, { img2img: true }))).toEqual({ first: 0.6 })
    const unset = { ...options, token_merging_ratio_img2img: 0 }
    expect(tokenMergingRatios(plan(unset, { img2img: true }))).toEqual({ first: 0.3 })
  })

  it('of a second pass follow the first where nothing else is said', () => {
    const options = { token_merging_ratio: 0.3 }
    expect(tokenMergingRatios(plan(options, { hires: true }))).toEqual({ first: 0.3, hires: 0.3 })
    const own = { ...options, token_merging_ratio_hr: 0.5 }
    expect(tokenMergingRatios(plan(own, { hires: true }))).toEqual({ first: 0.3, hires: 0.5 })
  })

  it('stay within what the settings page offers', () => {
    expect([limitRatio(0.4), limitRatio(5), limitRatio(-1)]).toEqual([0.4, 0.9, 0])
  })
})
