import { isExactObject, parseExactJson, toPlain, type ExactObject } from '@atelier/catalog/exact-json'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toRecordedOptions } from '../../apps/gateway/src/sdapi/test-kit/recorded-set.ts'
import { openTestGateway, type TestGateway } from '../../apps/gateway/src/sdapi/test-kit/test-gateway.ts'
import { drawWithMetadata } from './webui-draw.ts'
import type { WireVerdict } from './wire-report.ts'

const FILE = 'filenames.jsonl'
/** Replays the recorded requests that save pictures, in their order, and compares the names of the new files. */
export async function replayFilenames(folder: string): Promise<WireVerdict[]> {
  const gateway = await openTestGateway({ ...toRecordedOptions('filenames'), draw: drawWithMetadata })
  const verdicts: WireVerdict[] = []
  for (const [index, line] of readFileSync(folder + FILE, 'utf8')
    .trim()
    .split('\n')
    .entries()) {
    const row = parseExactJson(line)
    if (!isExactObject(row)) continue
    const name = `row ${index + 1}`
    // The recorder set this option apart from those it noted.
    const saves = { save_images_before_highres_fix: line.includes('before-highres-fix') }
    await gateway.request('POST', '/sdapi/v1/options', saves)
    const difference = await replayRow(gateway, row)
    verdicts.push({ file: FILE, name, ...(difference === undefined ? {} : { difference }) })
  }
  await gateway.close()
  return verdicts
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
