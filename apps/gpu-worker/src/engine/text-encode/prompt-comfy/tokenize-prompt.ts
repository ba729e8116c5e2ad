import { splitWords } from '../clean-text/python-text.ts'
import { endOfText, startOfText, type ClipTokenizer } from '../clip-tokenizer.ts'
import { checkPromptLength, PromptError } from '../prompt-error.ts'
import { chunkLength, type TokenChunk, type VectorUse } from '../token-chunk.ts'
import { parseWeights } from './parse-weights.ts'

/** What a prompt is tokenized with. */
export interface PromptTokenizer {
  readonly tokenizer: ClipTokenizer
  /** What fills a chunk after its end token: the end token (clip_l) or 0 (clip_g, clip_h). */
  readonly paddingId: number
  /** Vectors of the embedding of a name as the prompt has it, or undefined. Absent: `embedding:` is plain text. */
  readonly countVectors?: (name: string) => number | undefined
}

/** A chunk that also says which group of the prompt each token belongs to: 0 for start, end and padding, else from 1. */
export interface WordChunk extends TokenChunk {
  readonly wordIds: readonly number[]
}

type Piece = number | { readonly embedding: string; readonly row: number }

/** Tokens that belong together: a run of text of one weight, or an embedding. */
interface TokenGroup {
  readonly pieces: readonly Piece[]
  readonly weight: number
}

const embeddingMark = 'embedding:'
const embeddingStart = / embedding:|\nembedding:/
/** Groups shorter than this are not cut at the end of a chunk. */
const shortestCutGroup = 8

/** Cuts text before every `embedding:` that follows a blank or a line break; the mark stays in front. */
function splitAtEmbeddings(text: string): string[] {
  const [first = '', ...others] = text.split(embeddingStart)
  return [first, ...others.map((rest) => embeddingMark + rest)].filter((word) => word !== '')
}

/** The embedding a word names and what is left to tokenize. An unknown one is left out; its name is no text either. */
function readEmbedding(word: string, countVectors: (name: string) => number | undefined) {
  const [name, ...others] = splitWords(word.slice(embeddingMark.length))
  if (name === undefined) throw new PromptError('list index out of range')
  const rest = others.join(' ')
  const found = { name, vectorCount: countVectors(name), rest }
  const bare = name.replace(/^,+|(?<!,),+$/g, '')
  if (found.vectorCount !== undefined || bare === name) return found
  return { name: bare, vectorCount: countVectors(bare), rest: `${name.slice(bare.length)} ${rest}` }
}

function tokenizeWord(word: string, weight: number, settings: PromptTokenizer): TokenGroup[] {
  if (!word.startsWith(embeddingMark) || settings.countVectors === undefined) {
    return [{ pieces: settings.tokenizer.encode(word), weight }]
  }
  const { name, vectorCount, rest } = readEmbedding(word, settings.countVectors)
  const groups: TokenGroup[] = []
  if (vectorCount !== undefined) {
    groups.push({
      pieces: Array.from({ length: vectorCount }, (_, row) => ({ embedding: name, row })),
      weight,
    })
  }
  if (rest !== '') groups.push({ pieces: settings.tokenizer.encode(rest), weight })
  return groups
}

/** Fills chunks of 77 with groups. */
class ChunkFiller {
  readonly chunks: WordChunk[] = []
  private tokens: number[] = [startOfText]
  private weights: number[] = [1]
  private wordIds: number[] = [0]
  private vectors: VectorUse[] = []
  private readonly paddingId: number

  constructor(paddingId: number) {
    this.paddingId = paddingId
  }

  /** Places left before the end token. */
  get room(): number {
    return chunkLength - 1 - this.tokens.length
  }

  append(pieces: readonly Piece[], weight: number, wordId: number): void {
    for (const piece of pieces) {
      if (typeof piece !== 'number') this.vectors.push({ position: this.tokens.length, ...piece })
      this.tokens.push(typeof piece === 'number' ? piece : 0)
      this.weights.push(weight)
      this.wordIds.push(wordId)
    }
  }

  endChunk(): void {
    this.tokens.push(endOfText)
    const fill = (values: readonly number[], filler: number) =>
      Array.from({ length: chunkLength }, (_, index) => values[index] ?? filler)
    this.chunks.push({
      tokens: fill(this.tokens, this.paddingId),
      weights: fill(this.weights, 1),
      wordIds: fill(this.wordIds, 0),
      vectors: this.vectors,
    })
    this.tokens = [startOfText]
    this.weights = [1]
    this.wordIds = [0]
    this.vectors = []
  }
}

function fillChunks(groups: readonly TokenGroup[], paddingId: number): WordChunk[] {
  const filler = new ChunkFiller(paddingId)
  groups.forEach(({ pieces, weight }, index) => {
    let rest = pieces
    while (rest.length > filler.room) {
      const taken = pieces.length >= shortestCutGroup ? filler.room : 0
      filler.append(rest.slice(0, taken), weight, index + 1)
      rest = rest.slice(taken)
      filler.endChunk()
    }
    filler.append(rest, weight, index + 1)
  })
  filler.endChunk()
  return filler.chunks
}

/**
 * Tokenizes a prompt in ComfyUI's syntax for one encoder: at least one chunk.
 * @throws PromptError
 */
export function tokenizePrompt(prompt: string, settings: PromptTokenizer): WordChunk[] {
  checkPromptLength(prompt)
  const groups = parseWeights(prompt).flatMap(({ text, weight }) =>
    splitAtEmbeddings(text).flatMap((word) => tokenizeWord(word, weight, settings)),
  )
  return fillChunks(groups, settings.paddingId)
}
