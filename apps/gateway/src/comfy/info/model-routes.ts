import { toExact } from '@atelier/catalog/exact-json'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { splitPath } from '../files/folders.ts'
import { isModelFolder, kindOfFolder, listModelFiles, listModelFolders } from './model-folders.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson, answerPlainJson, pathParameter } from '../respond.ts'

/** Folders the model library of the front end leaves out. */
const HIDDEN_FOLDERS = new Set(['configs', 'custom_nodes'])

/** The model files the workers can load. */
export function addModelRoutes(add: AddRoute, deps: GatewayDeps): void {
  const { models } = deps

  add('GET', '/models', () => answerPlainJson(listModelFolders().map(({ name }) => name)))

  add('GET', '/models/:folder', (c) => {
    const folder = pathParameter(c, 'folder')
    if (!isModelFolder(folder)) return answerEmpty(404)
    return answerPlainJson(listModelFiles(models, folder).map(({ name }) => name))
  })

  add('GET', '/embeddings', () => {
    const names = listModelFiles(models, 'embeddings').map(({ name }) => name.replace(/\.[^./]+$/, ''))
    return answerPlainJson(names.sort())
  })

  add('GET', '/view_metadata/:folder', (c) => {
    const kind = kindOfFolder(pathParameter(c, 'folder'))
    const name = c.req.query('filename') ?? ''
    const file = kind === undefined || !name.endsWith('.safetensors') ? undefined : models.find(kind, name)
    const metadata = Object.entries(file?.metadata ?? {})
    return metadata.length === 0 ? answerEmpty(404) : answerJson(new Map(metadata))
  })

  add('GET', '/experiment/models', () => {
    const folders = listModelFolders().filter(({ name }) => !HIDDEN_FOLDERS.has(name))
    return answerPlainJson(folders.map(({ name, paths }) => ({ name, folders: paths })))
  })

  add('GET', '/experiment/models/:folder', (c) => {
    const folder = pathParameter(c, 'folder')
    if (!isModelFolder(folder)) return answerEmpty(404)
    const files = listModelFiles(models, folder).sort(byFolderThenName)
    const entries = files.map((file) => {
      // Float seconds; the workers do not report when a file was created.
      const seconds = file.modifiedAtMs / 1000
      return toExact({
        name: file.name,
        pathIndex: 0,
        modified: seconds,
        created: seconds,
        size: file.sizeBytes,
      })
    })
    return answerJson(entries)
  })

  add('GET', '/experiment/models/preview/:folder/:index/:file', (c) => {
    const folder = listModelFolders().find(({ name }) => name === pathParameter(c, 'folder'))
    if (folder === undefined) return answerEmpty(404)
    const index = pathParameter(c, 'index')
    if (!/^\d+$/.test(index) || Number(index) >= folder.paths.length)
      throw new RequestFault(`folder ${folder.name} has no path ${index}`)
    // Pictures beside model files stay on the workers' disks.
    return answerEmpty(404)
  })
}

/** Files of a folder before those of the folders in it, as a walk through the folders finds them. */
function byFolderThenName(a: { name: string }, b: { name: string }): number {
  const [first, second] = [splitPath(a.name), splitPath(b.name)]
  if (first.subfolder !== second.subfolder) return first.subfolder < second.subfolder ? -1 : 1
  return first.name < second.name ? -1 : Number(first.name > second.name)
}
