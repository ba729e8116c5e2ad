export { formatExactJson } from './format.ts'
export { parseExactJson } from './parse.ts'
export { equalsInPython } from './python-equality.ts'
export { toPythonFloat, toPythonRepr, toPythonString, toPythonTypeName } from './python-text.ts'
export {
  isExactObject,
  toExact,
  toPlain,
  type ExactArray,
  type ExactObject,
  type ExactValue,
  type PlainValue,
} from './value.ts'
