import type { LoopbackWork } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import type { PartOutcome, PartRunner } from './part-runner.ts'

/**
 * Draws over a picture again and again (A1111's loopback): each part's source is what the one before it made, the first
 * of each row's its own. Gives the parts' outcomes; undefined where a part's picture is no result. A skipped part ends
 * its row, a cancelled one the whole, and neither's picture is a result.
 */
export async function loopBack(
  { loops, keepLast }: LoopbackWork,
  count: number,
  runner: PartRunner,
): Promise<(PartOutcome | undefined)[]> {
  const outcomes: (PartOutcome | undefined)[] = Array.from({ length: count }, () => undefined)
  for (let row = 0; row < count; row += loops) {
    let picture: Pixels | undefined
    for (let index = row; index < Math.min(row + loops, count); index += 1) {
      const outcome = await runner.run(index, picture && { sources: [picture] })
      if (outcome.isStopped) return outcomes
      if (outcome.isSkipped) break
      ;[picture] = outcome.pictures
      if (!keepLast || index === row + loops - 1) outcomes[index] = outcome
    }
  }
  return outcomes
}
