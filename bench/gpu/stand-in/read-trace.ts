/** What the trace of one network says. */
export interface Rehearsal {
  readonly network: string
  /** Nodes of the CUDA graph of a call with the first number of rows; of the ordinary call where there is none. */
  readonly launches: number
  readonly isCaptured: boolean
  /** Kernels, products and calls of cuDNN of an ordinary call, by name. */
  readonly kernels: Readonly<Record<string, number>>
  /** Memory of the device after loading, and at most. */
  readonly heldMib: number
  readonly peakMib: number
  /** What the stand-in refused, what a graph must not contain, what was not let go. */
  readonly faults: readonly string[]
}

interface Part {
  readonly title: string
  readonly lines: string[]
}

const MIB = 2 ** 20

/** Reads a trace (its lines: stand-in.c) with the titles that rehearse-network.ts adds. */
export function readTrace(network: string, text: string): Rehearsal {
  const parts: Part[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('## ')) parts.push({ title: line.slice(3), lines: [] })
    else if (line !== '') parts.at(-1)?.lines.push(line)
  }
  const lines = parts.flatMap((part) => part.lines)
  const calls = parts.filter(({ title }) => title.endsWith(' rows'))
  const first = calls[0]?.lines ?? []
  const capture = calls.map(({ lines: own }) => capturedOf(own)).find((own) => own !== undefined)
  const held = (own: readonly string[]): number[] =>
    own.filter((line) => /^[AF] /.test(line)).map((line) => Number(line.split(' ')[2]))
  const left = held(lines).at(-1) ?? 0
  return {
    network,
    launches: capture?.nodes ?? first.filter(isLaunch).length,
    isCaptured: capture !== undefined,
    kernels: countKernels(first),
    heldMib: Math.round((held(parts[0]?.lines ?? []).at(-1) ?? 0) / MIB),
    peakMib: Math.round(Math.max(0, ...held(lines)) / MIB),
    faults: [
      ...new Set(lines.filter((line) => line.startsWith('! ')).map((line) => line.slice(2))),
      ...parts.filter(({ title }) => title.startsWith('notice ')).map(({ title }) => title),
      ...(capture !== undefined && capture.hostCopies > 0
        ? [`${capture.hostCopies} copies from host memory in a graph that is replayed`]
        : []),
      ...(left > 0 ? [`${left} bytes were not let go`] : []),
    ],
  }
}

function capturedOf(lines: readonly string[]): { nodes: number; hostCopies: number } | undefined {
  const [begin, end] = ['C begin', 'C end'].map((what) => lines.findIndex((line) => line.startsWith(what)))
  if (begin === -1 || end === -1) return undefined
  const inside = lines.slice(begin, end)
  return {
    nodes: Number(lines[end!]!.split(' ')[2]),
    hostCopies: inside.filter((line) => /^M 1 .* captured$/.test(line)).length,
  }
}

const isLaunch = (line: string): boolean => /^[KBDS] /.test(line)

function countKernels(lines: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines.filter((each) => isLaunch(each) && !each.startsWith('S '))) {
    const name = toKernelName(line.split(' ')[1]!)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]))
}

/** The function's own name of a mangled one (Itanium C++ ABI: each part of a name after its length). */
function toKernelName(mangled: string): string {
  let rest = /^_ZN?(.*)$/.exec(mangled)?.[1]
  if (rest === undefined) return mangled
  let name = mangled
  for (let part = /^\d+/.exec(rest); part !== null; part = /^\d+/.exec(rest)) {
    const start = part[0].length
    name = rest.slice(start, start + Number(part[0]))
    rest = rest.slice(start + name.length)
  }
  return name
}
