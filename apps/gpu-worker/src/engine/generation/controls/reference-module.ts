/** Whether a preprocessor makes of a unit no network's hint but a picture to refer to. */
export function isReference(module: string): boolean {
  return module.startsWith('reference_')
}
