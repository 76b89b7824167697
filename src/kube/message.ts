import type { FieldPath } from './field-path.ts'

/** An error makes a document invalid; a warning does not (kubectl prints it as `Warning:`). */
export type Level = 'error' | 'warning'

/** What is wrong with one object: where in the object, and a sentence. */
export interface Finding {
  readonly level: Level
  readonly path: FieldPath
  readonly text: string
}

/** A place in a text, both counted from 1; column counts UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A finding with its place in a file. */
export interface Message extends Position {
  readonly level: Level
  readonly file: string
  /** As `formatPath` writes it; "" for the whole file or document. */
  readonly path: string
  readonly text: string
}

/** `FILE:LINE:COL: error: PATH: TEXT`, the form that editors and CI systems recognise. */
export function formatMessage(message: Message): string {
  const path = message.path === '' ? '' : `${message.path}: `
  return `${message.file}:${message.line}:${message.column}: ${message.level}: ${path}${message.text}`
}
