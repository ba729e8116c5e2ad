import { describeOwnPaths, describeOwnSchemas } from './own-document.ts'
import type { Schema } from './schema.ts'
import { VERSION } from './version.ts'
import { describeWebuiPaths, describeWebuiSchemas } from './webui-document.ts'

/** ComfyUI's routes: bodies are node graphs, so words must do. */
const COMFY_ROUTES: readonly (readonly [path: string, get: string | undefined, post?: string])[] = [
  ['/prompt', 'Queue length', 'Submits a ComfyUI node graph'],
  ['/queue', 'Running and waiting graphs', 'Clears or deletes waiting graphs'],
  ['/history', 'Ended graphs', 'Forgets ended graphs'],
  ['/object_info', 'Node classes'],
  ['/view', 'A stored picture'],
  ['/upload/image', undefined, 'Stores an input picture'],
  ['/system_stats', 'System and devices'],
  ['/interrupt', undefined, 'Stops running graphs'],
]

/** The OpenAPI document of both surfaces and of the gateway's own routes. */
export function createOpenApi(): Schema {
  return {
    openapi: '3.0.2',
    info: { title: 'Atelier', version: VERSION },
    paths: {
      ...describeWebuiPaths(),
      ...Object.fromEntries(COMFY_ROUTES.map(describeComfyRoute)),
      ...describeOwnPaths(),
    },
    components: { schemas: { ...describeWebuiSchemas(), ...describeOwnSchemas() } },
  }
}

function describeComfyRoute([path, get, post]: (typeof COMFY_ROUTES)[number]): [string, Schema] {
  const responses = { 200: { description: 'Successful Response' } }
  const requestBody = { content: { 'application/json': { schema: { type: 'object' } } } }
  return [
    path,
    {
      ...(get === undefined ? {} : { get: { summary: get, responses } }),
      ...(post === undefined ? {} : { post: { summary: post, requestBody, responses } }),
    },
  ]
}
