import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

describe('stored files', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openTestGateway()
  })
  afterEach(() => gateway.close())

  const upload = (name: string, bytes: string, fields: Record<string, string | Blob> = {}) => {
    const form = new FormData()
    form.append('image', new Blob([bytes]), name)
    for (const [key, value] of Object.entries(fields)) form.append(key, value)
    return gateway.request('POST', '/upload/image', form)
  }

  it('takes overwrite and subfolder as file parts, too', async () => {
    await upload('a.png', 'one')
    const again = await upload('a.png', 'two', { overwrite: new Blob(['true']), subfolder: new Blob(['']) })
    expect(await again.json()).toEqual({ name: 'a.png', subfolder: '', type: 'input' })
    expect(await (await gateway.request('GET', '/view?filename=a.png&type=input')).text()).toBe('two')
  })

  it('stores below a folder of the name when that folder is there', async () => {
    expect((await upload('dir/a.png', 'x')).status).toBe(500)
    await upload('b.png', 'x', { subfolder: 'dir' })
    expect((await upload('dir/a.png', 'x')).status).toBe(200)
    expect((await gateway.request('GET', '/view?filename=a.png&type=input&subfolder=dir')).status).toBe(200)
  })

  it('offers uploaded pictures to LoadImage at once', async () => {
    await upload('new.png', 'x')
    const info = (await (await gateway.request('GET', '/object_info/LoadImage')).json()) as {
      LoadImage: { input: { required: { image: [string[]] } } }
    }
    expect(info.LoadImage.input.required.image[0]).toEqual(['new.png'])
  })

  it('answers 404 when the bytes of a file are gone', async () => {
    await upload('a.png', 'x')
    const [file] = await gateway.store.files.list('open', 1)
    await gateway.store.blobs.remove(file!.blob!.key)
    expect((await gateway.request('GET', '/view?filename=a.png&type=input')).status).toBe(404)
  })

  it('names files outside Latin-1 in a header that survives', async () => {
    await upload('猫 "x".png', 'x')
    const answer = await gateway.request(
      'GET',
      `/view?filename=${encodeURIComponent('猫 "x".png')}&type=input`,
    )
    expect(answer.headers.get('content-disposition')).toBe(
      `filename="_ _x_.png"; filename*=UTF-8''%E7%8C%AB%20%22x%22.png`,
    )
  })

  it('shows the alpha of a picture alone, on black', async () => {
    const source = await sharp({ create: { width: 2, height: 1, channels: 4, background: '#ff000080' } })
      .png()
      .toBuffer()
    await gateway.putFile('output', 'a.png', source)
    const answer = await gateway.request('GET', '/view?filename=a.png&channel=a')
    const pixels = await sharp(Buffer.from(await answer.arrayBuffer()))
      .raw()
      .toBuffer()
    expect([...pixels]).toEqual([0, 0, 0, 128, 0, 0, 0, 128])
  })
})

describe('user data', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openTestGateway()
  })
  afterEach(() => gateway.close())
  const write = (path: string, text: string) => gateway.request('POST', `/userdata/${path}`, text)
  const read = async (path: string) => {
    const answer = await gateway.request('GET', `/userdata/${path}`)
    return answer.status === 200 ? answer.text() : answer.status
  }

  it('merges settings that are written at the same time', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `Comfy.S${i}`)
    await Promise.all(names.map((name) => gateway.request('POST', `/settings/${name}`, '1')))
    const settings = (await (await gateway.request('GET', '/settings')).json()) as object
    expect(Object.keys(settings).sort()).toEqual(names)
  })

  it('shows the settings as a file with ComfyUI indentation', async () => {
    await gateway.request('POST', '/settings', { 'Comfy.A': null, 'Comfy.B': { x: [1, 2] } })
    expect(await read('comfy.settings.json')).toBe(
      '{\n    "Comfy.A": null,\n    "Comfy.B": {\n        "x": [\n            1,\n            2\n        ]\n    }\n}',
    )
  })

  it('lets go of bytes that are replaced, moved over or removed', async () => {
    const removed: string[] = []
    const { blobs } = gateway.store
    const remove = blobs.remove.bind(blobs)
    blobs.remove = async (key) => {
      removed.push(key)
      await remove(key)
    }
    await write('a.txt', 'one')
    await write('a.txt', 'two')
    expect(removed).toHaveLength(1)
    await write('b.txt', 'three')
    await gateway.request('POST', '/userdata/a.txt/move/b.txt')
    expect(removed).toHaveLength(2)
    expect([await read('a.txt'), await read('b.txt')]).toEqual([404, 'two'])
    await gateway.request('DELETE', '/userdata/b.txt')
    expect(removed).toHaveLength(3)
  })

  it('keeps a file that is moved onto itself', async () => {
    await write('a.txt', 'one')
    await gateway.request('POST', '/userdata/a.txt/move/a.txt')
    expect(await read('a.txt')).toBe('one')
  })

  it.each(['..%2fx', '%2e%2e%2fx', 'a%2f..%2f..%2fx', '%2fetc%2fpasswd', 'a%00b'])(
    'refuses the path %s',
    async (path) => {
      expect((await write(path, 'x')).status).toBe(403)
      expect(await read(path)).toBe(403)
    },
  )

  it('does not let a file stand where a folder is, or a folder where a file is', async () => {
    await write('a%2fb.txt', 'x')
    expect((await write('a', 'y')).status).toBe(400)
    expect((await write('a?overwrite=false', 'y')).status).toBe(409)
    expect((await write('a%2fb.txt%2fc.txt', 'y')).status).toBe(500)
    await write('d.txt', 'y')
    expect((await gateway.request('POST', '/userdata/d.txt/move/a%2fb.txt%2fc')).status).toBe(500)
    expect([await read('a%2fb.txt'), await read('d.txt')]).toEqual(['x', 'y'])
  })

  it('moves a file into a folder that is there, and tells of the folder', async () => {
    await write('a%2fb.txt', 'x')
    await write('c.txt', 'y')
    const move = (query = '') => gateway.request('POST', `/userdata/c.txt/move/a${query}`)
    expect((await move('?overwrite=false')).status).toBe(409)
    expect(await (await move()).json()).toBe('a')
    expect([await read('a%2fc.txt'), await read('c.txt')]).toEqual(['y', 404])
    await write('c.txt', 'z')
    expect((await move()).status).toBe(500)
  })

  it('does not list names that begin with a point', async () => {
    for (const path of ['w%2fa.txt', 'w%2f.b', 'w%2f.c%2fd.txt', '.e%2ff.txt']) await write(path, 'x')
    const list = async (query: string) => (await gateway.request('GET', `/userdata?${query}`)).json()
    expect(await list('dir=w')).toEqual(['a.txt'])
    expect(await list('dir=.&recurse=true')).toEqual(['w/a.txt'])
    expect(await list('dir=.e')).toEqual(['f.txt'])
  })

  it('makes a user id of a name', async () => {
    const answer = await gateway.request('POST', '/users', { username: ' Bob Smith! ' })
    expect(await answer.json()).toMatch(/^Bob-Smith-_[0-9a-f-]{36}$/)
  })
})
