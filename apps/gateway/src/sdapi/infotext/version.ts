/** A version as Python's packaging library compares it (PEP 440): parts from the most to the least significant. */
export type ProgramVersion = readonly number[]

const pattern =
  /^\s*v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\d+)?)?(?:-(?<bare>\d+)|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\d+)?)?(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\d+)?)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?\s*$/i
const releaseLength = 6

function rankPrerelease(word: string): number {
  if (word.startsWith('a')) return 0
  return word.startsWith('b') ? 1 : 2
}

/**
 * Parses the version an infotext names: "v1.7.0-225-g0a1b2c3" is release 1.7.0, post-release 225. Undefined for texts
 * that name none.
 */
export function parseProgramVersion(text: string): ProgramVersion | undefined {
  const groups = pattern.exec(/^([^-]+-[^-]+)-/.exec(text)?.[1] ?? text)?.groups
  if (groups === undefined) return undefined
  const release = (groups['release'] ?? '').split('.').map(Number)
  const { pre, bare, post, dev } = groups
  const isBareDev = pre === undefined && bare === undefined && post === undefined && dev !== undefined
  const prerelease =
    pre === undefined
      ? [isBareDev ? -1 : 3, 0]
      : [rankPrerelease(pre.toLowerCase()), Number(groups['preNumber'] ?? 0)]
  const postRelease = post === undefined ? Number(bare ?? -1) : Number(groups['postNumber'] ?? 0)
  const devRelease = dev === undefined ? Infinity : Number(groups['devNumber'] ?? 0)
  const padded = Array.from({ length: releaseLength }, (_, index) => release[index] ?? 0)
  return [Number(groups['epoch'] ?? 0), ...padded, ...prerelease, postRelease, devRelease]
}

/** Whether one version is older than another. */
export function isOlder(version: ProgramVersion, than: ProgramVersion): boolean {
  const index = version.findIndex((part, at) => part !== than[at])
  return index >= 0 && (version[index] ?? 0) < (than[index] ?? 0)
}
