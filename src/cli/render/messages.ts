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

/** One line for each message, istioctl's sentence for each file that is valid (spec 8.1), and where it is more than one file, or any is not, a summary. */
export function renderMessages(results: readonly FileResult[], messages: readonly Message[]): string {
  const lines = [...messages.map(formatMessage), ...results.flatMap(sentenceOf)]
  if (results.length > 1 || results.some((result) => !result.valid)) lines.push(summaryOf(results, messages))
  return lines.map((line) => `${line}\n`).join('')
}

function sentenceOf({ file, valid, messages }: FileResult): readonly string[] {
  if (!valid) return []
  if (messages.length > 0) return [`"${file}" has warnings`]
  return [file === '-' ? 'validation succeed' : `"${file}" is valid`]
}

function summaryOf(results: readonly FileResult[], messages: readonly Message[]): string {
  const errors = messages.filter((message) => message.level === 'error').length
  const warnings = messages.length - errors
  const invalid = results.filter((result) => !result.valid).length
  const verdict = errors === 0 ? 'valid' : `${invalid} of ${count(results.length, 'file')} invalid`
  return `${count(results.length, 'file')}: ${verdict}, ${count(errors, 'error')}, ${count(warnings, 'warning')}`
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
