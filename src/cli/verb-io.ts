/** What a verb reads and writes besides files: `process` fits, and so does a test's. */
export interface VerbIo {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  /** The exit code of the process; verbs set it and return. */
  exitCode?: number | string | null | undefined
}
