import { mojibakeClasses, utf8Classes } from './mojibake.data.ts'
import { pythonSpaces } from './python-text.ts'

/**
 * Neighbourhoods of characters that people do not write but that misread UTF-8 is full of, after ftfy 6.3.1's `badness`
 * (Apache License 2.0). `{name}` stands for a class of mojibake.data.ts.
 */
const improbableSequences = [
  '[{c1}]',
  '[{bad}{lowerAccented}{upperAccented}{box}{startPunctuation}{endPunctuation}{currency}{numeric}{law}][{bad}]',
  '[a-zA-Z][{lowerCommon}{upperCommon}][{bad}]',
  '[{bad}][{lowerAccented}{upperAccented}{box}{startPunctuation}{endPunctuation}{currency}{numeric}{law}]',
  '[{lowerAccented}{lowerCommon}{box}{endPunctuation}{currency}{numeric}][{upperAccented}]',
  '[{box}{endPunctuation}{currency}{numeric}][{lowerAccented}]',
  '[{lowerAccented}{box}{endPunctuation}][{currency}]',
  '{space}[{upperAccented}][{currency}]',
  '[{upperAccented}{box}][{numeric}{law}]',
  '[{lowerAccented}{upperAccented}{box}{currency}{endPunctuation}][{startPunctuation}][{numeric}]',
  '[{lowerAccented}{upperAccented}{currency}{numeric}{box}{law}][{endPunctuation}][{startPunctuation}]',
  '[{currency}{numeric}{box}][{startPunctuation}]',
  '[a-z][{upperAccented}][{startPunctuation}{currency}]',
  '[{box}][{kaomoji}]',
  '[{lowerAccented}{upperAccented}{currency}{numeric}{startPunctuation}{endPunctuation}{law}][{box}]',
  '[{box}][{endPunctuation}]',
  '[{lowerAccented}{upperAccented}][{startPunctuation}{endPunctuation}][\\p{L}\\p{N}_]',
  '[Œœ][^A-Za-z]',
  '[{upperAccented}]°',
  // Windows-1252, two characters.
  '[ÂÃÎÐ][€œŠš¢£Ÿž\\xa0\\xad®©°·»{startPunctuation}{endPunctuation}–—´]',
  '×[²³]',
  // Arabic read as Windows-1252.
  '(?:[ØÙ][{common}{currency}{bad}{numeric}{startPunctuation}ŸŠ®°µ»]){2}',
  // South Asian alphabets read as Windows-1252.
  'à[²µ¹¼½¾]',
  // MacRoman.
  '√[±∂†≠®™´≤≥¥µø]',
  '≈[°¢]',
  '‚Ä[ìîïòôúùû†°¢π]',
  '‚[âó][àä°ê]',
  // Windows-1251.
  'вЂ',
  '[ВГРС][{c1}{bad}{startPunctuation}{endPunctuation}{currency}°µ][ВГРС]',
  'ГўВЂВ[^\\n][A-Za-z ]',
  // "à", "á" and the no-break space read as Windows-1252.
  'Ã[\\xa0¡]',
  '[a-z]{space}?[ÃÂ] ',
  '^[ÃÂ] ',
  '[a-z.,?!{endPunctuation}]Â[ {startPunctuation}{endPunctuation}]',
  // Windows-1253.
  'β€[™\\xa0Ά\\xad®°]',
  '[ΒΓΞΟ][{c1}{bad}{startPunctuation}{endPunctuation}{currency}°][ΒΓΞΟ]',
  // Windows-1257.
  'ā€',
]

function fillClasses(pattern: string, classes: Readonly<Record<string, string>>): string {
  return pattern.replace(/\{([a-zA-Z]\w*)\}/g, (whole, name: string) => classes[name] ?? whole)
}

const improbable = new RegExp(
  improbableSequences
    .map((pattern) => fillClasses(pattern, { ...mojibakeClasses, space: `[${pythonSpaces}]` }))
    .join('|'),
  'u',
)

/** Whether a text holds a sequence of characters that is far likelier to be misread UTF-8 than meant. */
export function looksMisread(text: string): boolean {
  return improbable.test(text)
}

/** Runs of characters that look like whole UTF-8 sequences read in a one-byte code page; global. */
export const misreadRun = new RegExp(
  fillClasses(
    '(?<![{continuationStrict}])(?:[{firstOf2}][{continuation}]|[{firstOf3}][{continuation}]{2}|[{firstOf4}][{continuation}]{3})+',
    utf8Classes,
  ),
  'gu',
)
