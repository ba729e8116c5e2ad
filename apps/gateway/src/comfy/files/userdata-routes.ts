import { toExact, type ExactValue } from '@atelier/catalog/exact-json'
import type { Context } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { resolveBelow, splitPath } from './folders.ts'
import { contentHeaders } from './media-types.ts'
import { RequestFault } from '../request-fault.ts'
import { answerEmpty, answerJson, answerPlainJson, answerText, pathParameter } from '../respond.ts'
import { answerFile } from './send-file.ts'
import {
  findUserFile,
  listUserFiles,
  moveUserFile,
  readUserFile,
  removeUserFile,
  writeUserFile,
  type UserFile,
} from './user-files.ts'
import { readConditions } from './view-routes.ts'

/** Files the front end keeps for its user: workflows, templates, style sheets. */
export function addUserdataRoutes(add: AddRoute, deps: GatewayDeps): void {
  add('GET', '/userdata', (c) => listFolder(deps, c))
  add('GET', '/v2/userdata', (c) => listTree(deps, c))
  add('GET', '/userdata/:file', (c) => sendFile(deps, c))
  add('POST', '/userdata/:file', (c) => keepFile(deps, c))
  add('DELETE', '/userdata/:file', (c) => removeFile(deps, c))
  add('POST', '/userdata/:file/move/:dest', (c) => moveFile(deps, c))
}

async function sendFile(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const tenant = c.get('tenant')
  const path = resolvePath(pathParameter(c, 'file'))
  if (path === undefined) return answerEmpty(403)
  const file = await findUserFile(deps, tenant, path)
  if (file === undefined) {
    if (!(await isFolder(deps, tenant, path))) return answerEmpty(404)
    return new Response(null, { status: 403, headers: { 'content-type': 'application/octet-stream' } })
  }
  const bytes = await readUserFile(deps, tenant, file)
  if (bytes === undefined) return answerEmpty(404)
  const headers = contentHeaders(splitPath(path).name, 'userdata')
  return answerFile({ bytes, storedAtMs: file.modifiedAtMs, headers }, readConditions(c))
}

async function keepFile(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const tenant = c.get('tenant')
  const path = resolvePath(pathParameter(c, 'file'))
  if (path === undefined) return answerEmpty(403)
  await refuseBelowFile(deps, tenant, path)
  const isTaken = await isFolder(deps, tenant, path)
  if (mustBeNew(c) && (isTaken || (await findUserFile(deps, tenant, path))))
    return answerText('File already exists', 409)
  if (isTaken) return answerEmpty(400)
  const file = await writeUserFile(deps, tenant, path, new Uint8Array(await c.req.arrayBuffer()))
  return answerWith(file, c)
}

async function removeFile(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const tenant = c.get('tenant')
  const path = resolvePath(pathParameter(c, 'file'))
  if (path === undefined) return answerEmpty(403)
  const file = await findUserFile(deps, tenant, path)
  if (file !== undefined) {
    await removeUserFile(deps, tenant, file)
    return answerEmpty(204)
  }
  if (await isFolder(deps, tenant, path)) throw new RequestFault(`${path} is a folder`)
  return answerEmpty(404)
}

async function moveFile(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const tenant = c.get('tenant')
  const path = resolvePath(pathParameter(c, 'file'))
  if (path === undefined) return answerEmpty(403)
  const file = await findUserFile(deps, tenant, path)
  if (file === undefined) return answerEmpty(404)
  const target = resolvePath(pathParameter(c, 'dest'))
  if (target === undefined || target === '') throw new RequestFault('the target is outside the user folder')
  await refuseBelowFile(deps, tenant, target)
  const isInto = await isFolder(deps, tenant, target)
  if (mustBeNew(c) && (isInto || (await findUserFile(deps, tenant, target))))
    return answerText('File already exists', 409)
  const place = isInto ? `${target}/${splitPath(path).name}` : target
  if (isInto && (await findUserFile(deps, tenant, place))) throw new RequestFault(`${place} is there already`)
  // Moved into a folder, the folder is what is told of, as in the original.
  return answerWith({ ...(await moveUserFile(deps, tenant, file, place)), path: target }, c)
}

async function listFolder(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const folder = c.req.query('dir') ?? ''
  if (folder === '') return answerText('Directory not provided', 400)
  const path = resolvePath(folder)
  if (path === undefined) return answerText('Invalid directory', 403)
  const tenant = c.get('tenant')
  if (await findUserFile(deps, tenant, path)) return answerJson([])
  const files = await listBelow(deps, tenant, path)
  if (files.length === 0 && path !== '') return answerText('Directory not found', 404)
  const isDeep = asksFor(c, 'recurse')
  // The original's patterns pass over names that begin with a point.
  const isHidden = (path: string) => path.split('/').some((name) => name.startsWith('.'))
  const shown = files.filter((file) => (isDeep || !file.path.includes('/')) && !isHidden(file.path))
  const [isFullInfo, isSplit] = [asksFor(c, 'full_info'), asksFor(c, 'split')]
  return answerJson(
    shown.map((file): ExactValue => {
      if (isFullInfo) return toInfo(file)
      return isSplit ? [file.path, ...file.path.split('/')] : file.path
    }),
  )
}

async function listTree(deps: GatewayDeps, c: Context<GatewayEnv>): Promise<Response> {
  const tenant = c.get('tenant')
  const path = resolvePath(c.req.query('path') ?? '')
  if (path === undefined) return answerText('Invalid path requested', 400)
  if (path !== '' && (await findUserFile(deps, tenant, path)))
    return answerText('Requested path is not a directory', 400)
  const files = await listBelow(deps, tenant, path)
  if (files.length === 0 && path !== '') return answerText('Requested path not found', 404)
  return answerJson(toTree(path, files))
}

/** The path below the user folder; undefined when it leaves it. */
function resolvePath(path: string): string | undefined {
  return resolveBelow('user', path)
}

/** Whether a switch of the query is on: it is off in any other words. */
function asksFor(c: Context<GatewayEnv>, name: string): boolean {
  return c.req.query(name)?.toLowerCase() === 'true'
}

/** Whether nothing may be replaced: said in exactly this word. */
function mustBeNew(c: Context<GatewayEnv>): boolean {
  return c.req.query('overwrite') === 'false'
}

/** The files below a folder, with paths as seen from it. */
async function listBelow(deps: GatewayDeps, tenant: string, folder: string): Promise<UserFile[]> {
  const prefix = folder === '' ? '' : `${folder}/`
  const files = await listUserFiles(deps, tenant)
  return files
    .filter((file) => file.path.startsWith(prefix))
    .map((file) => ({ ...file, path: file.path.slice(prefix.length) }))
}

async function isFolder(deps: GatewayDeps, tenant: string, path: string): Promise<boolean> {
  return path === '' || (await listBelow(deps, tenant, path)).length > 0
}

/** @throws RequestFault when a part of the path before its end is a file */
async function refuseBelowFile(deps: GatewayDeps, tenant: string, path: string): Promise<void> {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash)
    if (await findUserFile(deps, tenant, folder)) throw new RequestFault(`${folder} is a file`)
  }
}

/** All of a file, or its path alone, as the query wants. */
function answerWith(file: UserFile, c: Context<GatewayEnv>): Response {
  return asksFor(c, 'full_info') ? answerJson(toInfo(file)) : answerPlainJson(file.path)
}

function toInfo(file: UserFile): ExactValue {
  return new Map<string, ExactValue>([
    ['path', file.path],
    ['size', BigInt(file.sizeBytes)],
    // Float seconds.
    ['modified', file.modifiedAtMs / 1000],
    ['created', file.createdAtMs / 1000],
  ])
}

/** Folders first, then files, each by name; paths as seen from the user folder. */
function toTree(folder: string, files: readonly UserFile[]): ExactValue {
  const prefix = folder === '' ? '' : `${folder}/`
  const folders = new Set<string>()
  for (const { path } of files) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      folders.add(prefix + path.slice(0, slash))
  }
  const folderEntries = [...folders].map((path) => ({ name: splitPath(path).name, path, type: 'directory' }))
  const fileEntries = files.map((file) => ({
    name: splitPath(file.path).name,
    path: prefix + file.path,
    type: 'file',
    size: file.sizeBytes,
    modified: file.modifiedAtMs / 1000,
  }))
  const byName = (a: { name: string }, b: { name: string }) =>
    a.name < b.name ? -1 : Number(a.name > b.name)
  return toExact([...folderEntries.sort(byName), ...fileEntries.sort(byName)])
}
