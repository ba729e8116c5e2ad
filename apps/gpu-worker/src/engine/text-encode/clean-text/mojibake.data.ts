/**
 * Which characters turn up when UTF-8 is read in a one-byte code page, by the company they keep. Each value is the inside
 * of a character class. Compiled from the tables of ftfy 6.3.1 (copyright Robyn Speer, Apache License 2.0).
 */
export const mojibakeClasses = {
  common: '\u00a0\u00ad´·–—―’…',
  c1: '\u0080-\u009f',
  bad: '¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊�',
  law: '§¶',
  currency: '¢£¥₧€',
  startPunctuation: '¡©«¿΄΅‘‚“„•‹\uf8ff',
  endPunctuation: '®»˝”›™',
  numeric: '±²³µ¹¼½¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥',
  kaomoji: '°Ò-ÖÙ-Üò-öø-üŌŐŪŲ',
  upperAccented: 'À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ',
  lowerAccented: 'ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ',
  upperCommon: 'ÞΆΈΉΊΌΎΏΑ-ΫЁ-Я',
  lowerCommon: 'ά-ωа-џ',
  box: '│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓',
} as const

/** Characters that the bytes of a UTF-8 sequence become in those code pages, by their place in the sequence. Same source. */
export const utf8Classes = {
  firstOf2: 'Â-ßĀĂĆČĎĐĒĖĘĚĞĢĪİĶĹĻŁŃŅŇŌŐŘŚŞŠŢŪŮŰŲŹŻŽΒ-ΡΣ-ίВ-Я',
  firstOf3: 'à-ïāăąćčďēėęěģīįķĺļŕźΰ-οа-п',
  firstOf4: 'ðóđğšπσру',
  continuation: ' \u0080-¿ÆØæøĄąĽľŁłŒœŖŗŚśŞ-šŤťŸ-žƒˆˇ˘˛˜˝΄΅ΆΈΉΊΌΎΏЁ-ЌЎЏё-ќўџҐґ–—―‘’‚“”„†‡•…‰‹›€№™',
  continuationStrict: '\u0080-¿ÆØæøĄąĽľŁłŒœŖŗŚśŞ-šŤťŸ-žƒˆˇ˘˛˜˝΄΅ΆΈΉΊΌΎΏЁ-ЌЎЏё-ќўџҐґ†‡‰‹›€№™',
} as const
