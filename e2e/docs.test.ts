import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...listPages('docs'), 'bench/README.md']

/** Paths of the Markdown files at or below a folder. */
function listPages(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  return entries.filter((path) => path.endsWith('.md')).map((path) => join(folder, path))
}

/** Text without its code, whose brackets are no links. */
function readProse(page: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '')
}

/** What GitHub makes of a heading in an address. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

describe('the documents', () => {
  it('lead to files and headings that are there', () => {
    const broken = PAGES.flatMap((page) =>
      [...readProse(page).matchAll(/\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)/g)]
        .filter(([, path = '', anchor]) => {
          const target = path === '' ? page : join(dirname(page), path)
          if (!existsSync(join(ROOT, target))) return true
          if (anchor === undefined || !target.endsWith('.md')) return false
          const text = readFileSync(join(ROOT, target), 'utf8')
          return ![...text.matchAll(/^#+ (.*)$/gm)].some(([, heading = '']) => toAnchor(heading) === anchor)
        })
        .map(([link]) => `${page}: ${link}`),
    )
    expect(broken).toEqual([])
  })

  it('give each decision a number of its own, in its name and its title', () => {
    const names = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d/.test(name))
    const numbers = names.map((name) => Number(name.slice(0, 4)))
    expect(numbers).toEqual([...new Set(numbers)])
    const titles = names.map((name) => /^# (\d+)/.exec(readProse(join('docs/decisions', name)))?.[1])
    expect(titles.map(Number)).toEqual(numbers)
  })

  it('name only commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = PAGES.flatMap((page) => [
      ...readFileSync(join(ROOT, page), 'utf8').matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g),
    ]).map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(5)
    expect([...new Set(named)].filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('name only programs of ours that are there', () => {
    const named = PAGES.flatMap((page) =>
      [...readFileSync(join(ROOT, page), 'utf8').matchAll(/--import tsx ([\w./-]+\.ts)\b/g)].map(
        ([, path = '']) => path,
      ),
    )
    expect(named.length).toBeGreaterThan(5)
    expect([...new Set(named)].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})
