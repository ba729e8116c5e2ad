import type { ModelFile, ModelKind } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'

/** Files of a kind that can be used. */
export function listUsable(models: ModelIndex, kind: ModelKind): ModelFile[] {
  return models.list(kind).filter(({ unusableReason }) => unusableReason === '')
}

/** A1111's order of files: folders in natural order, the outermost first, then names within a folder. */
export function compareByFolder(a: ModelFile, b: ModelFile): number {
  return compareNaturally(toFolder(a), toFolder(b)) || compareNaturally(a.name, b.name)
}

function toFolder({ name }: ModelFile): string {
  return name.slice(0, Math.max(name.lastIndexOf('/'), 0))
}

/** Compares texts without regard to case, runs of digits by their value. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.toLowerCase().split(/(\d+)/))
  for (const [index, part] of (left ?? []).entries()) {
    const other = right?.[index]
    if (other === undefined) return 1
    // Parts alternate: texts at even places, digits at odd ones.
    const difference = index % 2 === 1 ? Number(part) - Number(other) : compareText(part, other)
    if (difference !== 0) return difference
  }
  return (left?.length ?? 0) - (right?.length ?? 0)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
