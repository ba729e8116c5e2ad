import { tokenMerging, tokenMergingNames } from '../networks/patches/token-merging.ts'
import { createTensor } from '../tensor/tensor.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'

/** What of a self-attention is merged. */
export type MergingScope = Parameters<typeof tokenMerging>[1]

/**
 * Token merging of a share of the tokens. In every square of four the first is a target; the original chooses by chance,
 * A1111 as here.
 */
export function createTokenMerging(ratio: number, scope: MergingScope, id: number): InsidePatch {
  const name = `merging_${id}`
  const names = tokenMergingNames(name)
  return {
    network: tokenMerging(name, scope),
    share({ latent }) {
      const [height, width] = latent.shape.slice(2) as [number, number]
      const { targets, sources, order } = placeTokens(height, width)
      const count = countMerged(height, width, ratio)
      if (count === 0) return undefined
      const row = (values: readonly number[]) => createTensor([values.length], Float32Array.from(values))
      return {
        key: `${name} ${count}`,
        values: {
          [names.targets]: row(targets),
          [names.sources]: row(sources),
          [names.order]: row(order),
          [names.count]: row([count]),
        },
      }
    },
  }
}

/** How many tokens are merged into others. */
export function countMerged(height: number, width: number, ratio: number): number {
  if (height === 1 || width === 1) return 0
  const targets = Math.floor(height / 2) * Math.floor(width / 2)
  return Math.max(Math.min(Math.trunc(height * width * ratio), height * width - targets), 0)
}

/** The first token of each square of four, the others, and where each token is among the two lists put together. */
function placeTokens(height: number, width: number) {
  const [squaresDown, squaresAcross] = [Math.floor(height / 2), Math.floor(width / 2)]
  const targets: number[] = []
  const sources: number[] = []
  for (let token = 0; token < height * width; token += 1) {
    const [y, x] = [Math.floor(token / width), token % width]
    const isTarget = y % 2 === 0 && x % 2 === 0 && y < 2 * squaresDown && x < 2 * squaresAcross
    if (isTarget) targets.push(token)
    else sources.push(token)
  }
  const order = new Array<number>(height * width)
  for (const [place, token] of [...targets, ...sources].entries()) order[token] = place
  return { targets, sources, order }
}
