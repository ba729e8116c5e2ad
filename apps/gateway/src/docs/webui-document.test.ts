import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createOpenApi } from './openapi.ts'

type Json = Readonly<Record<string, unknown>>
type Table = Readonly<Record<string, Json>>

interface Recorded {
  readonly paths: Table
  readonly schemas: Table
  /** Members of the two schemas whose defaults are those of a machine, without them. */
  readonly options: Table
  readonly flags: Table
}

/** The document of A1111 v1.10.1 with sd-webui-controlnet 1.1.455, as far as its routes are served. */
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/webui-openapi.json', import.meta.url), 'utf8'),
) as Recorded
const document = createOpenApi() as unknown as {
  readonly paths: Table
  readonly components: { readonly schemas: Table }
}

/** Words for people, which generated clients are not made of. */
const WORDS = new Set(['summary', 'description'])

function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([name]) => !WORDS.has(name))
  return Object.fromEntries(members.map(([name, member]) => [name, withoutWords(member)]))
}

const withoutDefaults = (schema: Json | undefined): Table =>
  Object.fromEntries(
    Object.entries((schema?.['properties'] ?? {}) as Table).map(([name, { default: _, ...member }]) => [
      name,
      member,
    ]),
  )

// Clients in other languages are generated from this document.
describe('the document of the WebUI API', () => {
  it.each(Object.keys(recorded.paths))('describes %s as the original does', (path) => {
    expect(withoutWords(document.paths[path])).toEqual(withoutWords(recorded.paths[path]))
  })

  it.each(Object.keys(recorded.schemas))('has the schema %s of the original', (name) => {
    expect(withoutWords(document.components.schemas[name])).toEqual(withoutWords(recorded.schemas[name]))
  })

  it('names every option and every flag, with its type', () => {
    const { Options, Flags } = document.components.schemas
    expect(withoutWords(withoutDefaults(Options))).toEqual(withoutWords(recorded.options))
    expect(withoutWords(withoutDefaults(Flags))).toEqual(withoutWords(recorded.flags))
  })
})
