/** A picture of 8-bit samples, row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** 3: red, green, blue; 4: and alpha. */
  readonly channels: 3 | 4
  /** height x width x channels. */
  readonly data: Uint8Array
}
