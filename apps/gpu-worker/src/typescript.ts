/** What decides how a process understands TypeScript: `process`, or a stand-in. */
export interface TypescriptHost {
  readonly execArgv: readonly string[]
  /** `typescript` is false or absent where Node does not strip types itself (before 22.18). */
  readonly features: object
}

/**
 * Whether a process understands TypeScript by Node alone: where Node strips types itself and nobody asked for tsx. Container
 * images start so; children and threads of such a process do the same (docs/decisions/0028).
 */
export function isTypescriptNative({ execArgv, features }: TypescriptHost = process): boolean {
  return 'typescript' in features && Boolean(features.typescript) && !execArgv.includes('tsx')
}

/** Arguments of Node with which a child of this process understands TypeScript as this one does. */
export function typescriptArguments(host: TypescriptHost = process): string[] {
  return isTypescriptNative(host) ? [] : ['--import', 'tsx']
}
