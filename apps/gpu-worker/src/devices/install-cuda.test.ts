import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { installCuda } from './install-cuda.ts'

/** A zip file of stored entries, as the format's specification (APPNOTE 6.3.3) lays it out. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [path, text] of Object.entries(files)) {
    const [name, bytes] = [Buffer.from(path), Buffer.from(text)]
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(bytes), 10)
    fields.writeUInt32LE(bytes.length, 14)
    fields.writeUInt32LE(bytes.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, name, bytes])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, rest, name]))
    locals.push(local)
    offset += local.length
  }
  const central = Buffer.concat(centrals)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(centrals.length, 4)
  end.writeUInt16LE(centrals.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, central, Buffer.from('PK\x05\x06'), end])
}

const PROVIDER = zip({
  'onnxruntime/capi/libonnxruntime_providers_cuda.so': 'cuda provider',
  'onnxruntime/capi/libonnxruntime_providers_shared.so': 'shared',
  'onnxruntime/capi/libonnxruntime.so.1.30.0': 'must stay away',
})
const PROVIDER_WHEEL = 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl'
const NVIDIA = {
  'nvidia_cuda_runtime-13.1.0-py3-none-manylinux_2_27_x86_64.whl': 'libcudart.so.13',
  'nvidia_cublas-13.1.0-py3-none-manylinux_2_27_x86_64.whl': 'libcublas.so.13',
  'nvidia_curand-10.4.0-py3-none-manylinux_2_27_x86_64.whl': 'libcurand.so.10',
  'nvidia_cudnn_cu13-9.1.0-py3-none-manylinux_2_27_x86_64.whl': 'libcudnn.so.9',
  'nvidia_cuda_nvrtc-13.1.0-py3-none-manylinux_2_27_x86_64.whl': 'libnvrtc.so.13',
}

function createPlace() {
  const root = mkdtempSync(join(tmpdir(), 'install-'))
  const [from, providerFolder] = [join(root, 'wheels'), join(root, 'runtime')]
  mkdirSync(from)
  mkdirSync(providerFolder)
  const said: string[] = []
  const runtime = { version: '1.30.0', providerFolder }
  return { from, providerFolder, said, options: { runtime, say: (line: string) => void said.push(line) } }
}

/** The package index with one package, whose wheel has the bytes given. */
const serveIndex = (bytes: Buffer, sha256: string) =>
  (async (address: string) => {
    if (address === `https://pypi.org/packages/${PROVIDER_WHEEL}`) return new Response(new Uint8Array(bytes))
    // Relative, as mirrors of the index give it.
    const url = `../../packages/${PROVIDER_WHEEL}`
    const wheel = { filename: PROVIDER_WHEEL, url, size: bytes.length, digests: { sha256 } }
    return Response.json({ releases: { '1.30.0': [wheel] } })
  }) as unknown as typeof fetch

describe('installCuda', () => {
  it('takes every library out of a folder of wheels, and notes the version', async () => {
    const { from, providerFolder, options } = createPlace()
    writeFileSync(join(from, PROVIDER_WHEEL), PROVIDER)
    for (const [wheel, library] of Object.entries(NVIDIA))
      writeFileSync(join(from, wheel), zip({ [`nvidia/cu13/lib/${library}`]: library }))
    await installCuda({ ...options, from })
    expect(readdirSync(providerFolder).sort()).toEqual([
      'cuda',
      'cuda-provider-version.txt',
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ])
    expect(readdirSync(join(providerFolder, 'cuda')).sort()).toEqual(Object.values(NVIDIA).sort())
    expect(readFileSync(join(providerFolder, 'libonnxruntime_providers_cuda.so'), 'utf8')).toBe(
      'cuda provider',
    )
    expect(readFileSync(join(providerFolder, 'cuda-provider-version.txt'), 'utf8')).toBe('1.30.0\n')
  })

  it('names the wheel a folder lacks, and how to get it', async () => {
    const { from, providerFolder, options } = createPlace()
    await expect(installCuda({ ...options, from })).rejects.toThrow(
      `${from} has no wheel onnxruntime_gpu-1.30.0*.whl; get it with: pip download --no-deps onnxruntime-gpu`,
    )
    expect(existsSync(join(providerFolder, 'cuda-provider-version.txt'))).toBe(false)
  })

  it('takes the provider alone from one wheel', async () => {
    const { from, providerFolder, options } = createPlace()
    const wheel = join(from, PROVIDER_WHEEL)
    writeFileSync(wheel, PROVIDER)
    await installCuda({ ...options, from: wheel, providerOnly: true })
    expect(existsSync(join(providerFolder, 'cuda'))).toBe(false)
  })

  it('refuses a wheel of another version', async () => {
    const { from, options } = createPlace()
    const wheel = join(from, PROVIDER_WHEEL.replace('1.30.0', '1.29.0'))
    writeFileSync(wheel, PROVIDER)
    await expect(installCuda({ ...options, from: wheel, providerOnly: true })).rejects.toThrow(
      /is not onnxruntime-gpu 1\.30\.0/,
    )
  })

  it('refuses a wheel without the libraries, and a file that is none', async () => {
    const { from, options } = createPlace()
    const wheel = join(from, PROVIDER_WHEEL)
    writeFileSync(wheel, zip({ 'onnxruntime/readme.txt': 'nothing' }))
    await expect(installCuda({ ...options, from: wheel, providerOnly: true })).rejects.toThrow(
      /holds none of the libraries/,
    )
    writeFileSync(wheel, 'not a zip file')
    await expect(installCuda({ ...options, from: wheel, providerOnly: true })).rejects.toThrow()
  })

  it('downloads from the package index and checks what came', async () => {
    const { providerFolder, said, options } = createPlace()
    const sha256 = createHash('sha256').update(PROVIDER).digest('hex')
    await installCuda({ ...options, providerOnly: true, fetch: serveIndex(PROVIDER, sha256) })
    expect(existsSync(join(providerFolder, 'libonnxruntime_providers_cuda.so'))).toBe(true)
    expect(said[0]).toBe('onnxruntime-gpu 1.30.0: downloading 1 MiB')
  })

  it('installs nothing of a wheel that is not what the index says', async () => {
    const { providerFolder, options } = createPlace()
    const fetch = serveIndex(PROVIDER, '00'.repeat(32))
    await expect(installCuda({ ...options, providerOnly: true, fetch })).rejects.toThrow(/SHA-256/)
    expect(readdirSync(providerFolder)).toEqual([])
  })

  it('says how to go on when the index does not answer', async () => {
    const { options } = createPlace()
    const fetch = (async () => new Response('', { status: 503 })) as unknown as typeof globalThis.fetch
    await expect(installCuda({ ...options, fetch })).rejects.toThrow(
      /answers 503; without network use --from/,
    )
  })
})
