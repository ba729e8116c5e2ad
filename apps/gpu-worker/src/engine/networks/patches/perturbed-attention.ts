import type { UnetPatch } from './unet-patch.ts'

/** Input that says which rows are perturbed, [batch, 1], 0 or 1. */
export const PERTURBED_INPUT = 'perturbed'

/** The middle block's self-attention looks at nothing but each token itself (Ahn et al. 2024, arXiv 2403.17377). */
export const perturbedAttention: UnetPatch = {
  key: 'perturbed attention',
  open({ graph }) {
    const rows = graph.input(PERTURBED_INPUT, 'F32', ['batch', 1])
    const isPerturbed = graph.op('Greater', [
      graph.op('Reshape', [rows, graph.integers([-1, 1, 1])]),
      graph.floats([0]),
    ])
    return {
      attend: ({ value }, { half, layer }, plain) =>
        half === 'middle' && layer === 'self' ? graph.op('Where', [isPerturbed, value, plain]) : plain,
    }
  },
}
