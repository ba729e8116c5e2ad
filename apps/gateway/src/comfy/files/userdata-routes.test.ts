import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

// What ComfyUI 0.3.64 answers (comfyui-api.md 2.10); what a front end does with these routes is in files.test.ts.
describe('the routes of user data', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway()))
  afterEach(() => gateway.close())

  const ask = (method: string, path: string, body?: string) => gateway.request(method, path, body)
  const at = (path: string) => `/userdata/${encodeURIComponent(path)}`
  const write = (path: string, text = 'x') => ask('POST', at(path), text)
  const statusOf = async (answer: Promise<Response>) => (await answer).status
  const textOf = async (method: string, path: string) => {
    const answer = await ask(method, path)
    return [answer.status, await answer.text()] as const
  }
  const list = async (query: string) => (await ask('GET', `/userdata?${query}`)).json()

  describe('for one file', () => {
    it('answer 404 without a body for one that is not there, 403 for a folder', async () => {
      await write('folder/a.json')
      expect(await textOf('GET', at('none.json'))).toEqual([404, ''])
      expect(await statusOf(ask('GET', at('folder')))).toBe(403)
    })

    it('tell the path of what was written, or all of it where that is asked for', async () => {
      expect(await (await write('w/a.json')).json()).toBe('w/a.json')
      const whole = await ask('POST', `${at('w/b.json')}?full_info=true`, 'four')
      const info = (await whole.json()) as { modified: number; created: number }
      expect(Object.entries(info)).toEqual([
        ['path', 'w/b.json'],
        ['size', 4],
        ['modified', info.modified],
        ['created', info.created],
      ])
      // Seconds since 1970, with a fraction.
      expect(info.modified).toBeCloseTo(Date.now() / 1000, -2)
    })

    it('overwrite unless that is refused in so many words', async () => {
      await write('a.json', 'one')
      expect(await statusOf(ask('POST', `${at('a.json')}?overwrite=False`, 'two'))).toBe(200)
      const refused = await ask('POST', `${at('a.json')}?overwrite=false`, 'three')
      expect([refused.status, await refused.text()]).toEqual([409, 'File already exists'])
      expect(await textOf('GET', at('a.json'))).toEqual([200, 'two'])
    })

    it('keep the moment of creation of a file that is written again', async () => {
      const infoOf = async (text: string) =>
        (await ask('POST', `${at('a.json')}?full_info=true`, text)).json() as Promise<Record<string, number>>
      const [first, second] = [await infoOf('one'), await infoOf('two')]
      expect(second['created']).toBe(first['created'])
      expect(second['modified']).toBeGreaterThan(first['modified']!)
    })

    it('name the type by the ending, and answer a known ETag with 304', async () => {
      await write('user.css', 'a {}')
      const answer = await ask('GET', at('user.css'))
      expect(answer.headers.get('content-type')).toContain('text/css')
      const again = await gateway.request('GET', at('user.css'), undefined, {
        'if-none-match': answer.headers.get('etag') ?? '',
      })
      expect([again.status, await again.text()]).toEqual([304, ''])
    })

    it('take away what is there, 404 what is not, and fail on a folder', async () => {
      await write('w/a.json')
      expect(await statusOf(ask('DELETE', at('w')))).toBe(500)
      expect(await textOf('DELETE', at('w/a.json'))).toEqual([204, ''])
      expect(await statusOf(ask('DELETE', at('w/a.json')))).toBe(404)
      expect(await statusOf(ask('DELETE', at('../a')))).toBe(403)
    })

    it('do not match a path with slashes that are not encoded', async () => {
      expect(await statusOf(ask('POST', '/userdata/w/a.json', 'x'))).toBe(405)
    })

    it('answer below /api too', async () => {
      await write('a.json', 'one')
      expect(await textOf('GET', `/api${at('a.json')}`)).toEqual([200, 'one'])
    })

    it('answer 404 for a file whose bytes are gone', async () => {
      await write('a.json')
      gateway.store.blobs.read = async () => undefined
      expect(await textOf('GET', at('a.json'))).toEqual([404, ''])
    })
  })

  describe('that move', () => {
    const move = (from: string, to: string, query = '') =>
      ask('POST', `${at(from)}/move/${encodeURIComponent(to)}${query}`)

    it('make the folders on the way', async () => {
      await write('a.json', 'one')
      expect(await (await move('a.json', 'deep/er/b.json')).json()).toBe('deep/er/b.json')
      expect(await textOf('GET', at('deep/er/b.json'))).toEqual([200, 'one'])
      expect(await statusOf(ask('GET', at('a.json')))).toBe(404)
    })

    it('answer 404 where there is nothing to move, 403 for a source outside, 500 for a target outside', async () => {
      await write('a.json')
      expect(await statusOf(move('none.json', 'b.json'))).toBe(404)
      expect(await statusOf(move('../a.json', 'b.json'))).toBe(403)
      expect(await statusOf(move('a.json', '../b.json'))).toBe(500)
      expect(await statusOf(ask('GET', at('a.json')))).toBe(200)
    })

    it('overwrite, unless that is refused', async () => {
      await write('a.json', 'one')
      await write('b.json', 'two')
      const refused = await move('a.json', 'b.json', '?overwrite=false')
      expect([refused.status, await refused.text()]).toEqual([409, 'File already exists'])
      const info = (await (await move('a.json', 'b.json', '?full_info=true')).json()) as object
      expect(info).toMatchObject({ path: 'b.json', size: 3 })
      expect(await textOf('GET', at('b.json'))).toEqual([200, 'one'])
    })
  })

  describe('that list', () => {
    beforeEach(async () => {
      for (const path of ['w/b.json', 'w/a.json', 'w/sub/c.json', 'top.txt']) await write(path)
    })

    it.each([
      ['', 400, 'Directory not provided'],
      ['dir=', 400, 'Directory not provided'],
      ['dir=../x', 403, 'Invalid directory'],
      ['dir=none', 404, 'Directory not found'],
    ])('answer ?%s with %d %s', async (query, status, text) => {
      expect(await textOf('GET', `/userdata?${query}`)).toEqual([status, text])
    })

    it('list one folder, or all below it', async () => {
      expect(await list('dir=w')).toEqual(['a.json', 'b.json'])
      expect(await list('dir=w&recurse=true')).toEqual(['a.json', 'b.json', 'sub/c.json'])
      expect(await list('dir=w&recurse=True')).toHaveLength(3)
      expect(await list('dir=w/sub')).toEqual(['c.json'])
    })

    it('list nothing below a file', async () => {
      expect(await list('dir=top.txt')).toEqual([])
    })

    it('cut paths at their slashes, or tell all of each file', async () => {
      expect(await list('dir=w&recurse=true&split=true')).toEqual([
        ['a.json', 'a.json'],
        ['b.json', 'b.json'],
        ['sub/c.json', 'sub', 'c.json'],
      ])
      const infos = (await list('dir=w&full_info=true&split=true')) as object[]
      expect(infos.map((info) => Object.keys(info))).toEqual(
        Array.from({ length: 2 }, () => ['path', 'size', 'modified', 'created']),
      )
    })
  })

  describe('of the newer front end', () => {
    const tree = async (query = '') => {
      const entries = (await (await ask('GET', `/v2/userdata${query}`)).json()) as Record<string, unknown>[]
      return entries.map(({ type, path, name }) => `${String(type)} ${String(path)} ${String(name)}`)
    }

    it('list everything below a folder, folders first, each by name', async () => {
      for (const path of ['z.txt', 'w/b.json', 'w/sub/c.json', 'a/d.json']) await write(path)
      expect(await tree()).toEqual([
        ...['directory a a', 'directory w/sub sub', 'directory w w'],
        ...['file w/b.json b.json', 'file w/sub/c.json c.json', 'file a/d.json d.json', 'file z.txt z.txt'],
      ])
      expect(await tree('?path=w')).toEqual([
        'directory w/sub sub',
        'file w/b.json b.json',
        'file w/sub/c.json c.json',
      ])
    })

    it('tell size and time of files alone', async () => {
      await write('w/b.json', 'four')
      const entries = (await (await ask('GET', '/v2/userdata')).json()) as object[]
      expect(entries.map((entry) => Object.keys(entry))).toEqual([
        ['name', 'path', 'type'],
        ['name', 'path', 'type', 'size', 'modified'],
      ])
    })

    it('list nothing where nothing was written', async () => {
      expect(await tree()).toEqual([])
    })

    it.each([
      ['?path=../x', 400, 'Invalid path requested'],
      ['?path=w/b.json', 400, 'Requested path is not a directory'],
      ['?path=none', 404, 'Requested path not found'],
    ])('answer %s with %d %s', async (query, status, text) => {
      await write('w/b.json')
      expect(await textOf('GET', `/v2/userdata${query}`)).toEqual([status, text])
    })
  })
})
