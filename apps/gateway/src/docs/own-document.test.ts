import { describe, expect, it, onTestFinished } from 'vitest'
import { openTestGateway } from '../sdapi/test-kit/test-gateway.ts'
import { createOpenApi } from './openapi.ts'

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

describe("the document of the gateway's own routes", () => {
  const document = createOpenApi() as unknown as Document

  it('names every route below /atelier/v1, and no other', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const routes = gateway.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/atelier/'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    const described = Object.entries(document.paths)
      .filter(([path]) => path.startsWith('/atelier/'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    expect(new Set(described)).toEqual(new Set(routes))
  })

  it('refers to schemas it holds', () => {
    const names = [...JSON.stringify(document.paths).matchAll(/#\/components\/schemas\/(\w+)/g)]
    const missing = names.map(([, name]) => name!).filter((name) => !(name in document.components.schemas))
    expect(missing).toEqual([])
  })
})
