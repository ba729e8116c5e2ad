/** The number of a GPU: N of "cuda:N"; undefined: the device is none. */
export function cudaIndexOf(device: string): number | undefined {
  const [, index] = /^cuda:(\d+)$/.exec(device) ?? []
  return index === undefined ? undefined : Number(index)
}
