/** One number of a metric and its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Every number a program tells of a metric on its port of operations. */
export async function readSamples(
  { operations }: { readonly operations: string },
  metric: string,
): Promise<Sample[]> {
  const text = await (await fetch(`${operations}/metrics`)).text()
  return text.split('\n').flatMap((line) => {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match?.[1] !== metric) return []
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
    return [{ labels: Object.fromEntries(labels) as Record<string, string>, value: Number(match[3]) }]
  })
}

/** Series that a program shows, by name as Prometheus stores it: those of a histogram are three. */
export type Exported = ReadonlyMap<
  string,
  {
    /** The metric it belongs to. */
    readonly family: string
    /** Each label and the values it has. */
    readonly labels: ReadonlyMap<string, ReadonlySet<string>>
  }
>

/** Everything a program shows on its port of operations, series without a number yet too. */
export async function readExported({ operations }: { readonly operations: string }): Promise<Exported> {
  const text = await (await fetch(`${operations}/metrics`)).text()
  const exported = new Map<string, { family: string; labels: Map<string, Set<string>> }>()
  for (const [, family = '', type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
      exported.set(`${family}${suffix}`, { family, labels: new Map() })
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm))
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      const known = exported.get(name)?.labels
      known?.set(label, (known.get(label) ?? new Set()).add(value))
    }
  return exported
}
