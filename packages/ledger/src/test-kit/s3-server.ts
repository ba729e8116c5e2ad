import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Settings } from '../s3/settings.ts'
import { findPort, requireTool, waitForPort } from './nats-server.ts'

/** A real S3 server over a folder of its own; it checks every signature. */
export interface TestS3Server {
  /** Settings that reach its bucket. */
  readonly settings: S3Settings
  /** Where it keeps its buckets: objects are files named by their keys. */
  readonly folder: string
  dispose(): Promise<void>
}

/** Starts the server (versitygw, a gateway from S3 to a file system) with one bucket. */
export async function startS3Server(): Promise<TestS3Server> {
  const program = requireTool('versitygw')
  const folder = mkdtempSync(join(tmpdir(), 's3-'))
  mkdirSync(join(folder, 'pictures'))
  const port = await findPort()
  const [accessKey, secretKey] = ['test-key', 'test-secret']
  const args = ['--access', accessKey, '--secret', secretKey, '--port', `127.0.0.1:${port}`, 'posix', folder]
  const child = spawn(program, args, { stdio: 'ignore' })
  await waitForPort(port)
  return {
    folder,
    settings: {
      ...{ accessKey, secretKey, bucket: 'pictures', region: 'us-east-1', prefix: 'atelier' },
      endpoint: `http://127.0.0.1:${port}`,
      keepMs: 60_000,
    },
    async dispose() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
