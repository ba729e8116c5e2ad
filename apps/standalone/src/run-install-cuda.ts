import { installCuda } from '@atelier/gpu-worker'

/** Installs CUDA's libraries with the flags given, telling what happens; returns the exit code. */
export async function runInstallCuda(flags: Readonly<Record<string, string>>): Promise<number> {
  const { from, providerOnly } = flags
  try {
    await installCuda({
      ...(from !== undefined && { from }),
      providerOnly: providerOnly === 'true',
      say: (line) => process.stdout.write(`${line}\n`),
    })
    process.stdout.write('done; look it over with: npm run doctor\n')
    return 0
  } catch (error) {
    process.stderr.write(`install-cuda: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}
