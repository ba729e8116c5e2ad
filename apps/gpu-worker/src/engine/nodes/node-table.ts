import type { NodeExecution } from '../node-graph/node-context.ts'

/** Executions of several related classes, by class name. */
export type NodeTable = Readonly<Record<string, NodeExecution>>
