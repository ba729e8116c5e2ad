/** The environment of a program: this process's, with the command line's settings on top. */
export function mergeEnvironment(
  settings: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  return { ...process.env, ...settings }
}
