/** How a job left the worker. */
export type RunEnd = 'ended' | 'abandoned' | 'handed-back' | 'lost'
