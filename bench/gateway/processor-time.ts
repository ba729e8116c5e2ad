import { readdirSync, readFileSync } from 'node:fs'

/** Part of a second that /proc counts in, milliseconds (USER_HZ is 100 on every Linux that Node runs on). */
const TICK_MS = 10

/** Programs of a measurement, by what they are. */
export type Part = 'clients' | 'gateway' | 'worker' | 'engine' | 'broker'

/** What tells a program of ours by its command line. */
const PARTS: readonly (readonly [Part, RegExp])[] = [
  ['broker', /nats-server/],
  ['engine', /engine\/main\.ts/],
  ['gateway', /main\.ts gateway$/],
  ['worker', /main\.ts worker$/],
]

/** Processor time so far, milliseconds: of this process and its descendants by what they are, and of the machine. */
export interface ProcessorTime {
  readonly parts: Readonly<Partial<Record<Part, number>>>
  readonly machine: number
}

/** Reads /proc; on a machine without it nothing is known. */
export function readProcessorTime(): ProcessorTime {
  const parts: Partial<Record<Part, number>> = {}
  try {
    const processes = listProcesses()
    const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]))
    const isMine = (pid: number): boolean => {
      let at: number | undefined = pid
      while (at !== undefined && at !== process.pid) at = parents.get(at)
      return at === process.pid
    }
    for (const { pid, ms } of processes) {
      if (!isMine(pid)) continue
      const part = pid === process.pid ? 'clients' : findPart(pid)
      if (part !== undefined) parts[part] = (parts[part] ?? 0) + ms
    }
    return { parts, machine: readMachine() }
  } catch {
    return { parts, machine: 0 }
  }
}

/** Processor time between two readings, milliseconds a job, and the share of the machine's that others used. */
export function compareProcessorTime(before: ProcessorTime, after: ProcessorTime, jobs: number) {
  const used = Object.entries(after.parts).map(
    ([part, ms]) => [part, ms - (before.parts[part as Part] ?? 0)] as const,
  )
  const ours = used.reduce((sum, [, ms]) => sum + ms, 0)
  const all = after.machine - before.machine
  return {
    cpuMsPerJob: Object.fromEntries(used.map(([part, ms]) => [part, Math.round((ms / jobs) * 100) / 100])),
    othersShare: all === 0 ? 0 : Math.max(0, Math.round((1 - ours / all) * 100) / 100),
  }
}

/** Every process of the machine. */
function listProcesses(): { pid: number; parent: number; ms: number }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      // The command's name, in parentheses, may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [{ pid: Number(name), parent: Number(fields[1]), ms: sum(fields.slice(11, 13)) * TICK_MS }]
    } catch {
      return []
    }
  })
}

function findPart(pid: number): Part | undefined {
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  return PARTS.find(([, pattern]) => pattern.test(command))?.[0]
}

function readMachine(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user, nice, system, , , irq, softIrq] = line.split(/\s+/).slice(1).map(Number)
  return sum([user, nice, system, irq, softIrq]) * TICK_MS
}

function sum(values: readonly (string | number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + Number(value ?? 0), 0)
}
