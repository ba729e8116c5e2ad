import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { parseFolderName, toFolderKind } from '../files/folders.ts'
import { listModelFolders } from './model-folders.ts'
import { readJsonBody, requireObject } from '../read-body.ts'
import { answerEmpty, answerPlainJson, pathParameter } from '../respond.ts'

/** Size of the terminal ComfyUI would report its logs for. */
const TERMINAL = { cols: 80, rows: 24 }

/** What ComfyUI's own front end asks besides; these routes have no twin below `/api`. */
export function addInternalRoutes(add: AddRoute, deps: GatewayDeps): void {
  // A tenant has no business in the server's logs: they are always empty here.
  add('GET', '/internal/logs', () => answerPlainJson(''))
  add('GET', '/internal/logs/raw', () => answerPlainJson({ entries: [], size: TERMINAL }))
  add('PATCH', '/internal/logs/subscribe', async (c) => {
    requireObject(await readJsonBody(c), 'the body')
    return answerEmpty()
  })

  add('GET', '/internal/folder_paths', () =>
    answerPlainJson(Object.fromEntries(listModelFolders().map(({ name, paths }) => [name, paths]))),
  )

  add('GET', '/internal/files/:folder', async (c) => {
    const folder = parseFolderName(pathParameter(c, 'folder'))
    if (folder === undefined) return answerPlainJson({ error: 'Invalid directory type' }, 400)
    const files = await deps.store.files.list(c.get('tenant'), toFolderKind(folder))
    const direct = files.filter(({ subfolder }) => subfolder === '')
    direct.sort((a, b) => b.storedAtMs - a.storedAtMs)
    return answerPlainJson(direct.map(({ name }) => name))
  })
}
