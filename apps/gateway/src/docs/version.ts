/** The gateway's version, as its documents and pages tell it. */
export const VERSION = '0.1.0'
