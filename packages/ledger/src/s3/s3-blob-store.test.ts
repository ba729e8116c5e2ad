import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeBlobStore } from '../contract/blob-contract.ts'
import { hasTool } from '../test-kit/config.ts'
import { startS3Server, type TestS3Server } from '../test-kit/s3-server.ts'
import { S3BlobStore } from './s3-blob-store.ts'
import type { S3Settings } from './settings.ts'

const bytes = Buffer.from('picture')

describe.skipIf(!hasTool('versitygw'))('a real S3 server', () => {
  let server: TestS3Server
  let settings: S3Settings
  beforeAll(async () => {
    server = await startS3Server()
  })
  afterAll(() => server.dispose())
  beforeEach(() => {
    settings = { ...server.settings, prefix: randomUUID() }
  })

  describeBlobStore(() => new S3BlobStore(settings))

  it('gives another process what one stored, and nothing of another installation', async () => {
    const ref = await new S3BlobStore(settings).put('results/j/1/0', bytes, 'image/png')
    expect(Buffer.from((await new S3BlobStore(settings).read(ref))!)).toEqual(bytes)
    expect(await new S3BlobStore({ ...settings, prefix: 'other' }).read(ref)).toBeUndefined()
  })

  it('forgets blobs of jobs that are older than they are kept, page by page, and keeps uploads', async () => {
    const store = new S3BlobStore({ ...settings, keepMs: -60_000 })
    const keys = ['results/j/1/0', 'results/j/1/1', 'requests/a/ff', 'records/j/1/job', 'workers/w/ff']
    const old = await Promise.all(keys.map((key) => store.put(key, bytes, 'image/png')))
    const kept = await Promise.all(
      ['inputs/a/ff', 'userdata/a/1'].map((key) => store.put(key, bytes, 'image/png')),
    )
    // Nothing is older than an hour.
    expect(await new S3BlobStore({ ...settings, keepMs: 3_600_000 }).sweep()).toBe(0)
    expect(await store.sweep()).toBe(old.length)
    const reader = new S3BlobStore(settings)
    expect(await Promise.all(old.map((ref) => reader.read(ref)))).toEqual(old.map(() => undefined))
    for (const ref of kept) expect(await reader.read(ref)).toBeDefined()
  })

  it('refuses a wrong secret and a bucket that is not there, by name', async () => {
    const wrong = new S3BlobStore({ ...settings, secretKey: 'guess' })
    await expect(wrong.put('results/j/1/0', bytes, 'image/png')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('403 SignatureDoesNotMatch'),
    })
    const missing = new S3BlobStore({ ...settings, bucket: 'nowhere' })
    const ref = { key: 'results/j/1/0', sizeBytes: 1, sha256: 'f'.repeat(64), mediaType: 'image/png' }
    await expect(missing.read(ref)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nowhere'),
    })
  })
})

describe('an S3 store that answers what ours does not', () => {
  let server: Server
  let answers: { status: number; body?: string; headers?: Record<string, string> }[]
  const calls: IncomingMessage[] = []
  let settings: S3Settings
  beforeEach(async () => {
    answers = []
    calls.length = 0
    server = createServer((request, response) => {
      calls.push(request)
      request.resume().on('end', () => {
        const { status, body = '', headers = {} } = answers.shift() ?? { status: 200 }
        response.writeHead(status, headers).end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const [accessKey, secretKey] = ['k', 's']
    settings = { ...{ endpoint, accessKey, secretKey }, bucket: 'b', region: 'r', prefix: 'p', keepMs: 1000 }
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))
  const error = (code: string) => `<Error><Code>${code}</Code></Error>`

  it('is called by signature version 4, with the hash of what is sent', async () => {
    await new S3BlobStore(settings).put('results/j/1/0', bytes, 'image/png')
    const [{ method, url, headers } = {} as IncomingMessage] = calls
    expect([method, url, headers['content-type']]).toEqual(['PUT', '/b/p/results/j/1/0', 'image/png'])
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=k\/\d{8}\/r\/s3\/aws4_request, SignedHeaders=/,
    )
  })

  it('is asked again after a passing failure, and given up in the end', async () => {
    answers = [{ status: 503, body: error('SlowDown') }, { status: 500 }]
    await new S3BlobStore(settings).put('results/j/1/0', bytes, 'image/png')
    expect(calls).toHaveLength(3)
    answers = Array.from({ length: 9 }, () => ({ status: 503, body: error('SlowDown') }))
    const given = new S3BlobStore(settings).put('results/j/1/0', bytes, 'image/png')
    await expect(given).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(calls).toHaveLength(7)
  })

  it.each([
    [507, ''],
    [507, error('XMinioStorageFull')],
    [403, error('QuotaExceeded')],
  ])('has no room when it says so: %i %s', async (status, body) => {
    answers = [{ status, body }]
    const heard: string[] = []
    const store = new S3BlobStore(settings, ({ message }) => heard.push(message))
    await expect(store.put('results/j/1/0', bytes, 'image/png')).rejects.toMatchObject({ code: 'queue-full' })
    expect(heard).toHaveLength(1)
  })

  it('is unavailable when nobody answers', async () => {
    await new Promise((resolve) => server.close(resolve))
    const ref = { key: 'results/j/1/0', sizeBytes: 1, sha256: 'f'.repeat(64), mediaType: 'image/png' }
    await expect(new S3BlobStore(settings).read(ref)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('is swept by its own clock, over all pages of its listing', async () => {
    const entry = (key: string, time: string) =>
      `<Contents><Key>p/results/${key}</Key><LastModified>${time}</LastModified></Contents>`
    const page = (entries: string, more = '') => ({
      status: 200,
      headers: { date: 'Thu, 01 Jan 2037 00:00:10 GMT' },
      body: `<ListBucketResult>${entries}${more}</ListBucketResult>`,
    })
    answers = [
      page(
        entry('old', '2037-01-01T00:00:08.000Z') + entry('young', '2037-01-01T00:00:09.500Z'),
        '<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>',
      ),
      { status: 204 },
      page(entry('older', '2036-01-01T00:00:00.000Z'), '<IsTruncated>false</IsTruncated>'),
      { status: 204 },
    ]
    expect(await new S3BlobStore(settings).sweep()).toBe(2)
    expect(calls.slice(0, 4).map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /b?list-type=2&prefix=p%2Fresults%2F',
      'DELETE /b/p/results/old',
      'GET /b?list-type=2&prefix=p%2Fresults%2F&continuation-token=a%26b',
      'DELETE /b/p/results/older',
    ])
  })
})
