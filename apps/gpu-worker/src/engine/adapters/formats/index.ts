import type { AdapterFormat } from '../adapter-format.ts'
import { boft } from './boft.ts'
import { full, fullBias, normalisation, normalisationBias, replacement } from './full.ts'
import { glora } from './glora.ts'
import { ia3 } from './ia3.ts'
import { loha } from './loha.ts'
import { lokr } from './lokr.ts'
import { lora } from './lora.ts'
import { oft } from './oft.ts'

/** Formats that change a layer's weight; the first that accepts a module counts. */
export const WEIGHT_FORMATS: readonly AdapterFormat[] = [
  ...[replacement, full, normalisation],
  ...[lora, loha, lokr, glora, oft, boft, ia3],
]

/** Formats that change a layer's bias. */
export const BIAS_FORMATS: readonly AdapterFormat[] = [fullBias, normalisationBias]
