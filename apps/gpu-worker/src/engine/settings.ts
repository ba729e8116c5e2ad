import { z } from 'zod'
import { CUDA_CALLS } from './onnx/runtime/cuda-calls.ts'

/**
 * Settings of an engine, by environment name. The supervisor has them among its own, checks them whole and hands its
 * environment on; the engine reads them again.
 */
export const engineSettings = {
  ATELIER_DEVICE: z
    .string()
    .regex(/^(auto|cpu|cuda:\d+)$/, 'must be auto, cpu or cuda:N')
    .default('auto')
    .describe('where networks run'),
  ATELIER_CUDA_CALLS: z
    .enum(['auto', ...CUDA_CALLS])
    .default('auto')
    .describe('how networks are called on CUDA; auto: the first way that passes the test of the device'),
  ATELIER_FAKE_STEP_MS: z.coerce.number().min(0).default(10).describe('length of a fake step, milliseconds'),
  ATELIER_FAKE_LOAD_MS: z.coerce.number().min(0).default(0).describe('length of a fake load, milliseconds'),
  ATELIER_SLOTS: z.coerce.number().int().positive().max(64).optional().describe('jobs at once'),
  ATELIER_MODEL_MEMORY_GB: z.coerce.number().positive().optional().describe('memory for loaded models'),
  ATELIER_MAX_WHOLE_MEGAPIXELS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('pictures above it go through the autoencoder in tiles; unset: by memory'),
  ATELIER_NODE_CACHE: z
    .string()
    .regex(/^(newest-prompt|none|recent:[1-9]\d{0,6})$/, 'must be newest-prompt, none or recent:N')
    .default('newest-prompt')
    .describe('results of node graphs kept between prompts'),
  ATELIER_THREADS: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('threads of one network call; 0: one a core'),
}
