import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** No broker, and no port that another test may have. */
const SETTINGS = {
  ...{ ATELIER_NATS_URL: 'nats://127.0.0.1:1', ATELIER_ENGINE: 'fake' },
  ...{ ATELIER_PORT: '0', ATELIER_COMFY_PORT: '0', ATELIER_METRICS_PORT: '0' },
}

/** Resolves when the program has met no broker. */
async function hearRefusal(child: ChildProcess): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${output}`)))
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (part: Buffer) => {
        output += part.toString()
        if (output.includes('ledger-refused')) resolve()
      })
  })
}

// As the first process of a container, a program that leaves a signal to the system does not hear it at all.
describe.each(['gateway', 'worker'])('a %s that waits for its broker', (program) => {
  it('ends with 0 on SIGTERM', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'apps/standalone/src/main.ts', program], {
      cwd: ROOT,
      env: { ...process.env, ...SETTINGS },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await hearRefusal(child)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe.each([['gateway', '--', '--nowebui'], ['worker']])('a %s that npm started', (...program) => {
  it('ends when npm is told to end, which does not tell it', async () => {
    const child = spawn('npm', ['run', ...program], {
      cwd: ROOT,
      env: { ...process.env, ...SETTINGS },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await hearRefusal(child)
    child.kill('SIGTERM')
    // Whoever still runs holds the pipe open.
    await once(child, 'close')
  })
})

/** A module that sends its own process SIGTERM as soon as a module is asked for that ends so. */
const stopAt = (name: string) => {
  const hook = `export function resolve(specifier, context, next) {
    if (specifier.endsWith(${JSON.stringify(name)})) process.kill(process.pid, 'SIGTERM')
    return next(specifier, context)
  }`
  const source = `import { register } from 'node:module'; register(${JSON.stringify(toDataUrl(hook))})`
  return toDataUrl(source)
}
const toDataUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`

describe.each([
  { app: 'gateway', module: '/run-gateway.ts' },
  { app: 'gpu-worker', module: '/run-worker.ts' },
])('a $app as images start it', ({ app, module }) => {
  it('hears SIGTERM while it reads its sources', async () => {
    const flags = ['--import', 'tsx', '--import', stopAt(module)]
    const child = spawn(process.execPath, [...flags, `apps/${app}/src/main.ts`], {
      cwd: ROOT,
      env: { ...process.env, ...SETTINGS },
      stdio: 'ignore',
    })
    // Not heard, it would end by the signal itself here, and go on as the first process of a container.
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
