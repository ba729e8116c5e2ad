import type { ExactValue } from '@atelier/catalog/exact-json'
import { fixSeed } from '../generation/draw-seed.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { describeProcessed } from './processed.ts'
import type { Script, ScriptContext, ScriptPlan } from './script.ts'
import { takeInteger, takeNumber } from './values.ts'
import { pythonException } from '../errors.ts'

const MAX_LOOPS = 256
/** Draw the masked area's own content from the second loop on. */
const ORIGINAL_CONTENT = 1n

/** Draws over a picture again and again, with a strength that moves to a final one. */
export const LOOPBACK: Script = {
  title: 'loopback',
  args: ['loops', 'final_denoising_strength', 'denoising_curve', 'append_interrogation'],
  plan(context) {
    const [loopCount, finalStrength, curve, interrogation] = context.args
    if (interrogation !== 'None')
      throw pythonException('NotImplementedError', 'interrogation is not supported by this server')
    const loops = takeInteger(loopCount, 'loops', [1, MAX_LOOPS])
    const target = takeNumber(finalStrength, 'final_denoising_strength', [0, 1])
    return planLoops(context, { loops, target, curve: curve ?? null, written: finalStrength ?? null })
  },
}

interface Loops {
  readonly loops: number
  readonly target: number
  readonly curve: ExactValue
  /** The final strength as it was sent. */
  readonly written: ExactValue
}

function planLoops(context: ScriptContext, { loops, target, curve, written }: Loops): ScriptPlan {
  const { request } = context
  const parameters = [
    { key: 'Final denoising strength', value: written },
    { key: 'Denoising curve', value: curve },
  ]
  const first = request.number('denoising_strength') ?? 0
  const strengthOf = (loop: number) =>
    loops === 1 ? first : first + (target - first) * bend(loop / (loops - 1), curve)
  const rows = Math.max(request.count('n_iter'), 1)
  const seed = fixSeed(request.integer('seed'), context.random)
  const subseed = fixSeed(request.integer('subseed'), context.random)
  const parts: GenerationPlan[] = []
  const names: string[] = []
  for (let row = 0; row < rows; row += 1) {
    for (let loop = 0; loop < loops; loop += 1) {
      const changes: Record<string, ExactValue> = {
        ...{ seed: seed + BigInt(parts.length), subseed, batch_size: 1n, n_iter: 1n },
        ...(loop > 0 ? { denoising_strength: strengthOf(loop), inpainting_fill: ORIGINAL_CONTENT } : {}),
      }
      parts.push(context.plan(request.with(changes), { parameters }))
      names.push(`Iteration ${loop + 1}/${loops}, batch ${row + 1}/${rows}`)
    }
  }
  const pictures = rows > 1 ? rows : loops
  return {
    parts,
    names,
    work: () => ({ $case: 'loopback', value: { loops, keepLast: rows > 1 } }),
    // A1111 leaves the strength that would come next.
    info: describeProcessed(context, parts, new Map([['denoising_strength', strengthOf(loops)]])),
    answer: { texts: 'first', ...(pictures > 1 ? { grid: { kind: 'row' } } : {}) },
  }
}

function bend(progress: number, curve: ExactValue): number {
  if (curve === 'Aggressive') return Math.sin(progress * Math.PI * 0.5)
  return curve === 'Lazy' ? 1 - Math.cos(progress * Math.PI * 0.5) : progress
}
