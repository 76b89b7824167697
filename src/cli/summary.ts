/** One destination that was denied during a run, and how often. */
export interface DeniedDestination {
  /** "www.wikipedia.org:443", or "91.198.174.192:443" when no name is known. */
  readonly destination: string
  readonly count: number
  readonly reason: string
  /** "no ServiceEntry names this host" */
  readonly sentence: string
  /** "ServiceEntry default/wikipedia-ext allows port 443 of wikipedia.org only"; "" when nothing is near. */
  readonly nearest: string
  /** The command that prints the ServiceEntry which would allow it, or the port to add to the one that is there; "" when neither would do. */
  readonly mend: string
  /** The three lines that a terminal shows. */
  readonly text: string
}

/** What `postern run` tells at its end. */
export interface RunSummary {
  readonly workload: string
  readonly mode: 'enforced' | 'cooperative'
  readonly exitCode: number
  readonly configVersion: string
  readonly denied: readonly DeniedDestination[]
}

/** Renders the closing summary; "" when there is nothing to say. */
export function renderSummary(summary: RunSummary, format: 'text' | 'json' | 'markdown'): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(withoutText(summary))}\n`
    case 'markdown':
      return renderMarkdown(summary)
    case 'text':
      return summary.denied.map((denied) => `${denied.text}\n${repeated(denied.count)}`).join('')
  }
}

function withoutText(summary: RunSummary): unknown {
  return { ...summary, denied: summary.denied.map(({ text: _, ...rest }) => rest) }
}

function repeated(count: number): string {
  return count > 1 ? `         (${count} times)\n` : ''
}

function renderMarkdown(summary: RunSummary): string {
  const outcome = summary.denied.length === 0 ? 'No destination was denied.' : `${summary.denied.length} denied:`
  const head = `### postern run: ${summary.workload}\n\nExit code ${summary.exitCode}, ${summary.mode}. ${outcome}\n`
  if (summary.denied.length === 0) return head
  const rows = summary.denied.map(
    (denied) =>
      `| ${cell(denied.destination)} | ${denied.count} | ${cell(denied.sentence)} | ${cell(denied.nearest)} | ${denied.mend === '' ? '' : `\`${cell(denied.mend)}\``} |`,
  )
  return `${head}\n| destination | times | why | nearest rule | allow it with |\n| --- | --: | --- | --- | --- |\n${rows.join('\n')}\n`
}

/** A table cell must not end early or start a new row. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
}
