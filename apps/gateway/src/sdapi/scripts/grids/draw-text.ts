import { createRequire } from 'node:module'
import sharp from 'sharp'

/** A line of text as a picture. */
export interface DrawnText {
  /** PNG with transparency; its size is the ink's. */
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** How a line is drawn. */
export interface TextStyle {
  /** Height of the letters with their surroundings, pixels. */
  readonly size: number
  /** "#rrggbb". */
  readonly colour: string
}

const FONT = createRequire(import.meta.url).resolve(
  '@expo-google-fonts/roboto/400Regular/Roboto_400Regular.ttf',
)
/** Points are pixels at this resolution. */
const DOTS_PER_INCH = 72
/** Longest line that is drawn, characters. */
const MAX_LENGTH = 2000

/** Draws a line of text in Roboto, the font of A1111's grids; undefined where there is nothing to see. */
export async function drawText(text: string, { size, colour }: TextStyle): Promise<DrawnText | undefined> {
  if (text.trim() === '' || size < 1) return undefined
  const escaped = text
    .slice(0, MAX_LENGTH)
    // Pango refuses control characters.
    .replace(/[\u0000-\u001f]/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  const { data, info } = await sharp({
    text: {
      text: `<span foreground="${colour}">${escaped}</span>`,
      ...{ fontfile: FONT, font: `Roboto ${size}`, dpi: DOTS_PER_INCH, rgba: true },
    },
  })
    .png()
    .toBuffer({ resolveWithObject: true })
  return { bytes: data, width: info.width, height: info.height }
}
