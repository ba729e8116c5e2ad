/** A Python package whose wheel holds libraries; wheels are zip files. */
export interface WheelSource {
  readonly package: string
  /** An exact version, or the major version wanted, as in "13.". */
  readonly version: string
  /** Which files of it are taken, by their path inside the wheel. */
  readonly takes: (path: string) => boolean
  /** Where they go: beside ONNX Runtime, or in the folder of NVIDIA's libraries. */
  readonly to: 'provider' | 'cuda'
}

/** The wheels that make CUDA work with a version of onnxruntime-node on Linux x64. */
export function listWheels(runtimeVersion: string): readonly WheelSource[] {
  const nvidia = (name: string, version: string): WheelSource => ({
    package: name,
    version,
    takes: (path) => /^nvidia\/.*\/lib\/lib[^/]+\.so(\.\d+)*$/.test(path),
    to: 'cuda',
  })
  return [
    {
      package: 'onnxruntime-gpu',
      version: runtimeVersion,
      takes: (path) => /^onnxruntime\/capi\/libonnxruntime_providers_(cuda|shared)\.so$/.test(path),
      to: 'provider',
    },
    nvidia('nvidia-cuda-runtime', '13.'),
    nvidia('nvidia-cublas', '13.'),
    nvidia('nvidia-curand', '10.'),
    nvidia('nvidia-cudnn-cu13', '9.'),
    // cuDNN compiles some of its kernels when they are first used.
    nvidia('nvidia-cuda-nvrtc', '13.'),
  ]
}

/** One file of the package index's answer (`https://pypi.org/pypi/<package>/json`). */
export interface IndexedFile {
  readonly filename: string
  readonly url: string
  readonly size: number
  readonly digests: { readonly sha256: string }
}

/** The package index's answer, as far as it is used. */
export interface IndexAnswer {
  readonly releases: Readonly<Record<string, readonly IndexedFile[]>>
}

/**
 * The wheel of a package for Linux x64: of the exact version, or the newest of the major version.
 * @throws Error naming package and version when the index has none
 */
export function chooseWheel(answer: IndexAnswer, source: WheelSource): IndexedFile & { version: string } {
  const isExact = !source.version.endsWith('.')
  const versions = Object.keys(answer.releases)
    .filter((version) => (isExact ? version === source.version : version.startsWith(source.version)))
    .filter((version) => /^[\d.]+$/.test(version))
    .sort(compareVersions)
  for (const version of versions.reverse()) {
    const wheel = answer.releases[version]!.find(({ filename }) => /manylinux.*x86_64\.whl$/.test(filename))
    if (wheel !== undefined) return { ...wheel, version }
  }
  throw new Error(`the package index has no wheel of ${source.package} ${source.version} for Linux x64`)
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number)) as [number[], number[]]
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
