import { createRequire } from 'node:module'
import sharp from 'sharp'
import { readPixels, type Pixels } from '../../../images/pixels.ts'

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

/**
 * Draws a line of text in Roboto, the font of A1111's grids, on nothing; its size is the ink's. Undefined where there is
 * nothing to see.
 */
export async function drawText(text: string, { size, colour }: TextStyle): Promise<Pixels | undefined> {
  if (text.trim() === '' || size < 1) return undefined
  const escaped = text
    .slice(0, MAX_LENGTH)
    // Pango refuses control characters.
    .replace(/[\u0000-\u001f]/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  const drawn = sharp({
    text: {
      text: `<span foreground="${colour}">${escaped}</span>`,
      ...{ fontfile: FONT, font: `Roboto ${size}`, dpi: DOTS_PER_INCH, rgba: true },
    },
  })
  return readPixels(drawn)
}
