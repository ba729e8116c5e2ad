import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isExactObject, parseExactJson, toPlain, type ExactObject } from '@atelier/catalog/exact-json'
import type { TestGateway } from './test-gateway.ts'

/**
 * Replays a recorded request that saves pictures, with the options noted beside it; tells how the names of the new
 * files differ, or undefined. Rows go on from each other: options stay, numbers count up.
 */
export async function replayFilename(gateway: TestGateway, line: string): Promise<string | undefined> {
  const row = parseExactJson(line)
  if (!isExactObject(row)) return 'no row of a recording'
  // The recorder set this option apart from those it noted.
  const saves = { save_images_before_highres_fix: line.includes('before-highres-fix') }
  await gateway.request('POST', '/sdapi/v1/options', saves)
  return replayRow(gateway, row)
}

async function replayRow(gateway: TestGateway, row: ExactObject): Promise<string | undefined> {
  const root = gateway.deps.config.ATELIER_DATA
  const plain = (key: string) => toPlain(row.get(key) ?? null)
  await gateway.request('POST', '/sdapi/v1/options', plain('options'))
  const before = new Set(listFiles(root))
  const answer = await gateway.request('POST', '/sdapi/v1/txt2img', plain('request'))
  const made = listFiles(root)
    .filter((file) => !before.has(file))
    .map(replaceVariable)
    .sort()
  const wanted = (plain('files') as string[]).toSorted()
  if (answer.status !== Number(row.get('status')))
    return `status ${answer.status}, recorded ${row.get('status')}`
  return made.join() === wanted.join() ? undefined : `${made.join()} instead of ${wanted.join()}`
}

function listFiles(root: string): string[] {
  const outputs = join(root, 'outputs')
  if (!existsSync(outputs)) return []
  return readdirSync(outputs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}

/** Numbers, dates and times as the recording writes them. */
function replaceVariable(path: string): string {
  const year = String(new Date().getFullYear())
  return path
    .replaceAll(/(?<!\d)\d{4}-\d\d-\d\d(?!\d)/g, '<date>')
    .replace(/(\/|grid-)\d{4,5}(?=[-.])/, '$1<n>')
    .replaceAll(/\d{14}/g, '<timestamp>')
    .replace(`-${year}.`, '-<year>.')
}
