/**
 * How networks are called on CUDA: through ONNX Runtime's C API on a thread of its own, with calls whose shape comes again
 * captured as CUDA graphs or without, or through its binding for Node. The best first.
 */
export const CUDA_CALLS = ['captured', 'native', 'binding'] as const

/** One of them. */
export type CudaCalls = (typeof CUDA_CALLS)[number]
