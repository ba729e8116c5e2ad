import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('../../../', import.meta.url)
const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

describe('npm start', () => {
  it('goes through the file that has the web page built first', () => {
    for (const [name, program] of [
      ['start', 'serve'],
      ['gateway', 'gateway'],
    ] as const)
      expect(scripts[name]).toBe(`node apps/standalone/bin/start.mjs ${program}`)
    const source = readFileSync(new URL('apps/standalone/bin/start.mjs', ROOT), 'utf8')
    const built = /'(\.\.\/[^']+build-console\.ts)'/.exec(source)?.[1]
    expect(existsSync(new URL(built!, new URL('apps/standalone/bin/', ROOT)))).toBe(true)
  })

  it('leans on no script before or after another, which npm leaves out where ignore-scripts is set', () => {
    expect(readFileSync(new URL('.npmrc', ROOT), 'utf8')).toContain('ignore-scripts=true')
    const names = Object.keys(scripts)
    const hooks = names.filter((name) => names.some((one) => name === `pre${one}` || name === `post${one}`))
    expect(hooks).toEqual([])
  })
})
