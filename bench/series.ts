export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** "17.2 (16.8-18.1)": the median, and the range when there is one. */
export function summarize(values: readonly number[]): string {
  const digits = median(values) < 10 ? 2 : median(values) < 100 ? 1 : 0
  const text = (value: number): string => value.toFixed(digits)
  if (values.length < 2) return text(median(values))
  return `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`
}

export interface Row {
  readonly figure: string
  readonly unit: string
  /** Values by contender, in the order of `contenders`; empty when it was not measured. */
  readonly values: ReadonlyMap<string, readonly number[]>
}

/** A markdown table: one row a figure, one column a contender, then Postern's ratio to each rival. */
export function table(rows: readonly Row[], contenders: readonly string[], subject: string): string {
  const rivals = contenders.filter((name) => name !== subject)
  const head = ['', ...contenders, ...rivals.map((name) => `${subject} / ${name}`)]
  const lines = rows.map((row) => {
    const cells = contenders.map((name) => cell(row.values.get(name)))
    const ratios = rivals.map((name) => ratioText(row.values.get(subject), row.values.get(name)))
    return [`${row.figure}, ${row.unit}`, ...cells, ...ratios]
  })
  const markdown = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...lines]
  return markdown.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

function ratioText(of: readonly number[] | undefined, to: readonly number[] | undefined): string {
  const value = ratio(of, to)
  return Number.isNaN(value) ? '-' : value.toFixed(2)
}

function cell(values: readonly number[] | undefined): string {
  return values === undefined || values.length === 0 ? '-' : summarize(values)
}

/**
 * How much more `of` is than `to`: the median of the ratios within each round, in which both were measured one after the other, so that
 * a machine that is slow in one round and quick in the next does not decide. NaN where one was not measured.
 */
export function ratio(of: readonly number[] = [], to: readonly number[] = []): number {
  return median(of.flatMap((value, round) => (round < to.length ? [value / to[round]!] : [])))
}
