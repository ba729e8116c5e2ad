import type { Hono } from 'hono'
import type { GatewayEnv } from '../deps.ts'

/** Paths remembered with what they answer: the same few are asked for again and again. */
const MAX_REMEMBERED = 1_000

/** Which methods each path answers; what 404, 405 and authentication need to know before a handler runs. */
export interface RouteTable {
  /** Methods registered for this path, upper case, sorted; empty when the path is unknown. */
  allowedMethods(path: string): readonly string[]
}

/** Reads an app's routes once. Middleware (method ALL) does not count. */
export function createRouteTable(app: Hono<GatewayEnv>): RouteTable {
  const patterns = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL') continue
    const known = patterns.get(path) ?? { pattern: toPattern(path), methods: new Set<string>() }
    known.methods.add(method)
    patterns.set(path, known)
  }
  const entries = [...patterns.values()]
  const known = new Map<string, readonly string[]>()
  return {
    allowedMethods(path) {
      const remembered = known.get(path)
      if (remembered !== undefined) return remembered
      const methods = entries
        .filter(({ pattern }) => pattern.test(path))
        .flatMap((entry) => [...entry.methods])
      const allowed = [...new Set(methods)].sort()
      if (known.size >= MAX_REMEMBERED) known.clear()
      known.set(path, allowed)
      return allowed
    },
  }
}

/** Turns a Hono path into an anchored pattern: `:name`, `:name{regex}`, optional `:name?` and `*`. */
function toPattern(path: string): RegExp {
  const source = path
    .split('/')
    .map((segment) => {
      if (segment === '*') return '.*'
      const parameter = /^:(\w+)(\{(.+)\})?(\?)?$/.exec(segment)
      if (parameter === null) return segment.replace(/[.+^$()|[\]{}\\?*]/g, '\\$&')
      const body = parameter[3] ?? '[^/]+'
      return parameter[4] === '?' ? `(?:${body})?` : `(?:${body})`
    })
    .join('/')
  return new RegExp(`^${source}$`)
}
