import type { NodeDefinition } from '@atelier/catalog/nodes'
import type { ChoiceLists } from '../prompts/input-config.ts'

/** What validation asks of the world around the graph; fixed before it starts. */
export interface GraphEnvironment {
  readonly findDefinition: (className: string) => NodeDefinition | undefined
  readonly choices: ChoiceLists
  /** Whether a file reference of a node input ("a.png", "sub/b.png [output]") names something that exists. */
  readonly fileExists: (reference: string) => boolean
}
