/** A fault in the words of a Python exception, which ComfyUI shows to its clients as it is. */
export class PythonError extends Error {
  override readonly name = 'PythonError'
  /** Exception class, such as "KeyError". */
  readonly pythonType: string

  constructor(pythonType: string, message: string) {
    super(message)
    this.pythonType = pythonType
  }
}
