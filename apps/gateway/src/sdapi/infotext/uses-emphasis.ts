const tokens = /\\[()[\]\\]?|[([]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()[\]:]+|:/g

/** Weights of the pieces a bracket multiplies, with where brackets opened. */
interface Weights {
  readonly pieces: number[]
  readonly round: number[]
  readonly square: number[]
}

function multiply({ pieces }: Weights, start: number | undefined, factor: number): void {
  for (let index = start ?? pieces.length; index < pieces.length; index++)
    pieces[index] = (pieces[index] ?? 1) * factor
}

/**
 * Whether any part of a prompt carries a weight other than 1 in A1111's emphasis grammar. BREAK aside, for it is text with
 * a mark here.
 */
export function usesEmphasis(prompt: string): boolean {
  const weights: Weights = { pieces: [], round: [], square: [] }
  for (const [token, number] of prompt.matchAll(tokens)) {
    if (token === '(') weights.round.push(weights.pieces.length)
    else if (token === '[') weights.square.push(weights.pieces.length)
    else if (number !== undefined && weights.round.length > 0)
      multiply(weights, weights.round.pop(), Number(number))
    else if (token === ')' && weights.round.length > 0) multiply(weights, weights.round.pop(), 1.1)
    else if (token === ']' && weights.square.length > 0) multiply(weights, weights.square.pop(), 1 / 1.1)
    else weights.pieces.push(1)
  }
  for (const start of weights.round) multiply(weights, start, 1.1)
  for (const start of weights.square) multiply(weights, start, 1 / 1.1)
  return weights.pieces.some((weight) => weight !== 1)
}
