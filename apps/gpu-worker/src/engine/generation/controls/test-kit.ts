import { ControlMode, ResizeMode } from '@atelier/proto'
import { openGenerationKit, pixelsOf, smallJob, type GenerationKit } from '../test-kit.ts'

/** Fields of a control unit that tests leave as they are: whole weight and span, balanced, the picture cut to size. */
export const PLAIN_UNIT = {
  ...{ image: { key: 'drawing' }, weight: 1, start: 0, end: 1, keepMap: true, edgeBlur: 7 },
  ...{ mode: ControlMode.CONTROL_MODE_BALANCED, resizeMode: ResizeMode.RESIZE_MODE_CROP },
}

/** Runs small jobs with control units; the pictures of units go into `inputs` by their keys. */
export interface ControlKit extends Pick<GenerationKit, 'close'> {
  readonly inputs: Map<string, Uint8Array>
  readonly run: (units: readonly object[], changes?: object) => ReturnType<GenerationKit['run']>
  /** The raw pixels of the first picture. */
  readonly draw: (units: readonly object[], changes?: object) => Promise<Buffer>
}

/** Opens a generation kit for jobs with control units. */
export function openControlKit(...args: Parameters<typeof openGenerationKit>): ControlKit {
  const kit = openGenerationKit(...args)
  const inputs = new Map<string, Uint8Array>()
  const run: ControlKit['run'] = (units, changes = {}) =>
    kit.run(smallJob({ controls: units, ...changes }), { inputs })
  return {
    inputs,
    run,
    draw: async (units, changes) => (await pixelsOf(await run(units, changes))).data,
    close: () => kit.close(),
  }
}
