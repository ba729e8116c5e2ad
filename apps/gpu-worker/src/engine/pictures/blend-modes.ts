/** How two values of 0 to 1 are blended, by ImageBlend's names (W3C compositing, soft light included). */
export const BLEND_MODES: ReadonlyMap<string, (below: number, above: number) => number> = new Map([
  ['normal', (_, above) => above],
  ['multiply', (below, above) => below * above],
  ['screen', (below, above) => 1 - (1 - below) * (1 - above)],
  ['overlay', (below, above) => (below <= 0.5 ? 2 * below * above : 1 - 2 * (1 - below) * (1 - above))],
  ['soft_light', softLight],
  ['difference', (below, above) => below - above],
])

function softLight(below: number, above: number): number {
  if (above <= 0.5) return below - (1 - 2 * above) * below * (1 - below)
  const lifted = below <= 0.25 ? ((16 * below - 12) * below + 4) * below : Math.sqrt(below)
  return below + (2 * above - 1) * (lifted - below)
}
