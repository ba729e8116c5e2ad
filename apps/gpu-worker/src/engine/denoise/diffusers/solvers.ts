import { PlanError } from '../plan.ts'
import type { Sampler } from '../sampler.ts'
import { createDeisLogRho } from '../samplers/deis-log-rho.ts'
import { createDpmMultistep } from '../samplers/dpm-solver-multistep.ts'
import { createDpmSinglestep } from '../samplers/dpm-solver-singlestep.ts'
import type { DpmAlgorithm } from '../samplers/dpm-solver-terms.ts'
import { createUniPc } from '../samplers/uni-pc.ts'
import type { DiffusersSettings } from './settings.ts'

// Solvers of higher order with what their configurations change.

/** A run's place in its whole: an image to image run begins after some steps. */
export interface WholeRun {
  readonly settings: DiffusersSettings
  /** Steps of the whole run, and those that are left out at its start. */
  readonly steps: number
  readonly skipped: number
}

/** Runs shorter than this end in lower orders. */
const SHORT = 15

/** DPMSolverMultistepScheduler. */
export function dpmMultistep({ settings, steps }: WholeRun): Sampler {
  const lowers = settings.lower_order_final !== false && steps < SHORT
  const endsFirst = lowers || settings.euler_at_final === true || endsAtZero(settings)
  return createDpmMultistep({
    algorithm: readAlgorithm(settings),
    order: readOrder(settings),
    correction: readCorrection(settings),
    orderFromEnd: (remaining) => limitOrder(remaining, { endsFirst, lowers }),
  })
}

/** DEISMultistepScheduler, whose last sigma is never zero. */
export function deisMultistep({ settings, steps }: WholeRun): Sampler {
  const lowers = settings.lower_order_final !== false && steps < SHORT
  return createDeisLogRho({
    order: readOrder(settings),
    orderFromEnd: (remaining) => limitOrder(remaining, { endsFirst: lowers, lowers }),
  })
}

/** UniPCMultistepScheduler. */
export function uniPcMultistep({ settings }: WholeRun): Sampler {
  return createUniPc({
    variant: settings.solver_type === 'bh1' ? 'bh1' : 'bh2',
    order: readOrder(settings),
    lowersLastOrders: settings.lower_order_final !== false,
  })
}

/** DPMSolverSinglestepScheduler. */
export function dpmSinglestep({ settings, steps, skipped }: WholeRun): Sampler {
  return createDpmSinglestep({
    algorithm: readAlgorithm(settings),
    correction: readCorrection(settings),
    orders: listSinglestepOrders(settings, steps).slice(skipped),
  })
}

/** Whether a solver's last sigma is zero, as it is by default. */
export function endsAtZero({ final_sigmas_type: end }: DiffusersSettings): boolean {
  return (end ?? 'zero') === 'zero'
}

function limitOrder(
  remaining: number,
  { endsFirst, lowers }: { readonly endsFirst: boolean; readonly lowers: boolean },
): number {
  if (remaining === 0 && endsFirst) return 1
  return remaining === 1 && lowers ? 2 : 3
}

/** Groups 1, 2, … of the solver's order; a run they do not fill, or one that ends at zero, ends in lower orders. */
function listSinglestepOrders(settings: DiffusersSettings, steps: number): number[] {
  const order = readOrder(settings)
  const isZero = endsAtZero(settings)
  const group = Array.from({ length: order }, (_, i) => i + 1)
  const groups = (count: number) => Array.from({ length: Math.max(count, 0) }, () => group).flat()
  const lowers = settings.lower_order_final === true || steps % order !== 0 || isZero
  const whole = Math.floor(steps / order)
  const orders = !lowers || order === 1 ? groups(whole) : lowerEnd(groups, { order, steps, whole })
  return isZero ? [...orders.slice(0, -1), 1] : orders
}

function lowerEnd(
  groups: (count: number) => number[],
  { order, steps, whole }: { readonly order: number; readonly steps: number; readonly whole: number },
): number[] {
  if (order === 2) return steps % 2 === 0 ? [...groups(whole - 1), 1, 1] : [...groups(whole), 1]
  if (steps % 3 === 0) return [...groups(whole - 1), 1, 2, 1]
  return steps % 3 === 1 ? [...groups(whole), 1] : [...groups(whole), 1, 2]
}

function readAlgorithm({ algorithm_type: type = 'dpmsolver++' }: DiffusersSettings): DpmAlgorithm {
  if (type === 'dpmsolver++' || type === 'sde-dpmsolver++' || type === 'dpmsolver') return type
  if (type === 'deis') return 'dpmsolver++'
  throw new PlanError(`there is no solver algorithm "${type}"`)
}

function readCorrection({ solver_type: type }: DiffusersSettings): 'midpoint' | 'heun' {
  return type === 'heun' ? 'heun' : 'midpoint'
}

function readOrder({ solver_order: order = 2 }: DiffusersSettings): number {
  if (order === 1 || order === 2 || order === 3) return order
  throw new PlanError(`a solver has order 1, 2 or 3, not ${order}`)
}
