/** What no file name may hold, on any system that A1111 runs on. */
const INVALID = /[#<>:"/\\|?*\n\r\t]/g
/** Longest part of a name that one pattern gives, characters. */
const MAX_LENGTH = 128

/** A text as part of a file's name: what may not stand there becomes an underscore, blanks too where asked. */
export function sanitizeName(text: string, { keepsBlanks }: { readonly keepsBlanks: boolean }): string {
  const blanks = keepsBlanks ? text : text.replaceAll(' ', '_')
  const safe = blanks.replace(INVALID, '_').replace(/^ +/, '')
  return [...safe]
    .slice(0, MAX_LENGTH)
    .join('')
    .replace(/(?<![ .])[ .]+$/, '')
}
