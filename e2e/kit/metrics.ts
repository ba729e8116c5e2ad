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
