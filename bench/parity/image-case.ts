/** A recorded call. */
export interface ImageCase {
  readonly id: string
  readonly fn: string
  readonly args: Readonly<Record<string, unknown>>
  readonly in: Readonly<Record<string, string>>
  readonly out: Readonly<Record<string, unknown>>
}
