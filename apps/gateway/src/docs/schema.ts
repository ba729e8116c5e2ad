/** A JSON schema of an OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>

/** Short names of the types that fields have. */
const TYPES: Readonly<Record<string, Schema>> = {
  any: {},
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  object: { type: 'object' },
  list: { type: 'array', items: {} },
  strings: { type: 'array', items: { type: 'string' } },
  numbers: { type: 'array', items: { type: 'number' } },
  'string map': { type: 'object', additionalProperties: { type: 'string' } },
}

/** One field of a described record: name, type, and its title where that is not its name. */
export type FieldRow = readonly [name: string, type: string, title?: string]

/** A reference to a schema of the document. */
export function refTo(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** A name as a title: "cfg_scale" is "Cfg Scale". */
export function toTitle(name: string): string {
  return name
    .replaceAll('_', ' ')
    .replace(/[A-Za-z]+/g, (word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase())
}

/**
 * The schema of a record. Types are the short names above, or another schema's name: alone, as `[Name]` (a list of
 * them) or as `{Name}` (a map to them). A trailing `!` makes a field required.
 */
export function toRecordSchema(title: string, rows: readonly FieldRow[]): Schema {
  const required = rows.filter(([, type]) => type.endsWith('!')).map(([name]) => name)
  const properties = rows.map(([name, type, own]) => [
    name,
    { title: own ?? toTitle(name), ...toTypeSchema(type.replace('!', '')) },
  ])
  return {
    title,
    ...(required.length > 0 ? { required } : {}),
    type: 'object',
    properties: Object.fromEntries(properties) as Schema,
  }
}

/** The schema a short type name stands for. */
export function toTypeSchema(type: string): Schema {
  const known = TYPES[type]
  if (known !== undefined) return known
  if (type.startsWith('[')) return { type: 'array', items: refTo(type.slice(1, -1)) }
  if (type.startsWith('{')) return { type: 'object', additionalProperties: refTo(type.slice(1, -1)) }
  return refTo(type)
}
