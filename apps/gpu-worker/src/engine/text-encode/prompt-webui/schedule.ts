import { parseScheduleTree, type ScheduleNode } from './schedule-tree.ts'

/** A text and the last step (1-based, inclusive) at which it is used. */
export interface ScheduleEntry {
  readonly endAtStep: number
  readonly text: string
}

/** What the boundaries of a schedule count in. */
export interface ScheduleSteps {
  /** Steps of the first pass, already doubled for samplers that evaluate twice a step. */
  readonly steps: number
  /** Steps of the second pass (hires fix), when the schedule is for that pass. */
  readonly hiresSteps?: number | undefined
  /** A1111's rules before 1.6: any number below 1 is a share, and both passes count alike. */
  readonly useOldScheduling?: boolean | undefined
}

interface StepScale {
  readonly total: number
  toStep(boundary: string): number
}

function createScale({ steps, hiresSteps, useOldScheduling = false }: ScheduleSteps): StepScale {
  if (useOldScheduling) {
    return {
      total: steps,
      toStep: (boundary) => (Number(boundary) < 1 ? Number(boundary) * steps : Number(boundary)),
    }
  }
  const total = hiresSteps ?? steps
  const [shareOffset, stepOffset] = hiresSteps === undefined ? [0, 0] : [1, steps]
  return {
    total,
    toStep: (boundary) =>
      boundary.includes('.') ? (Number(boundary) - shareOffset) * total : Number(boundary) - stepOffset,
  }
}

/** The last step at which the text before a boundary is used; below 1 it is never used. */
function toLastStep(boundary: string, scale: StepScale): number {
  return Math.min(scale.total, Math.trunc(scale.toStep(boundary)))
}

function collectSteps(nodes: readonly ScheduleNode[], scale: StepScale, steps: Set<number>): void {
  for (const node of nodes) {
    if (node.kind === 'scheduled') {
      const last = toLastStep(node.boundary, scale)
      if (last >= 1) steps.add(last)
      collectSteps(node.before, scale, steps)
      collectSteps(node.after, scale, steps)
    } else if (node.kind === 'alternate') {
      for (let step = 1; step <= scale.total; step++) steps.add(step)
      for (const option of node.options) collectSteps(option, scale, steps)
    }
  }
}

function resolveAtStep(nodes: readonly ScheduleNode[], scale: StepScale, step: number): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return node.text
      if (node.kind === 'alternate') {
        return resolveAtStep(node.options[(step - 1) % node.options.length] ?? [], scale, step)
      }
      return resolveAtStep(step <= toLastStep(node.boundary, scale) ? node.before : node.after, scale, step)
    })
    .join('')
}

/**
 * The texts of a prompt over the steps of a pass, ends ascending, the last end being the pass's last step.
 * A prompt outside the grammar (such as one with a stray `|`) is one entry with the text as written.
 */
export function schedulePrompt(prompt: string, passSteps: ScheduleSteps): ScheduleEntry[] {
  const scale = createScale(passSteps)
  const tree = parseScheduleTree(prompt)
  if (tree === undefined) return [{ endAtStep: scale.total, text: prompt }]
  const ends = new Set([scale.total])
  collectSteps(tree, scale, ends)
  return [...ends]
    .sort((left, right) => left - right)
    .map((endAtStep) => ({ endAtStep, text: resolveAtStep(tree, scale, endAtStep) }))
}
