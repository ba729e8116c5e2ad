/** Solves a small dense system by Gauss's elimination with pivots; the matrix is given by rows. */
export function solveLinear(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let column = 0; column < size; column += 1) {
    let pivot = column
    for (let row = column + 1; row < size; row += 1)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const head = rows[column]!
    for (let row = column + 1; row < size; row += 1) {
      const factor = rows[row]![column]! / head[column]!
      for (let k = column; k <= size; k += 1) rows[row]![k]! -= factor * head[k]!
    }
  }
  const solution = new Array<number>(size).fill(0)
  for (let row = size - 1; row >= 0; row -= 1) {
    const known = solution.reduce((sum, value, k) => (k > row ? sum + rows[row]![k]! * value : sum), 0)
    solution[row] = (rows[row]![size]! - known) / rows[row]![row]!
  }
  return solution
}
