import type { Message } from '#kube/message.ts'
import { formatMessage } from '#kube/message.ts'

/** The result of checking one file, as `-o json` prints it. */
export interface FileResult {
  readonly file: string
  readonly valid: boolean
  readonly messages: readonly {
    readonly level: string
    readonly text: string
    readonly path: string
    readonly line: number
  }[]
}

/** One result for each file, messages in the order given. */
export function resultsByFile(files: readonly string[], messages: readonly Message[]): readonly FileResult[] {
  return files.map((file) => {
    const own = messages.filter((message) => message.file === file)
    return {
      file,
      valid: own.every((message) => message.level !== 'error'),
      messages: own.map(({ level, text, path, line }) => ({ level, text, path, line })),
    }
  })
}

/** One line for each message, then a summary. */
export function renderMessages(results: readonly FileResult[], messages: readonly Message[]): string {
  const errors = messages.filter((message) => message.level === 'error').length
  const warnings = messages.length - errors
  const invalid = results.filter((result) => !result.valid).length
  const verdict = errors === 0 ? 'valid' : `${invalid} of ${count(results.length, 'file')} invalid`
  const summary = `${count(results.length, 'file')}: ${verdict}, ${count(errors, 'error')}, ${count(warnings, 'warning')}`
  return [...messages.map(formatMessage), summary, ''].join('\n')
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
