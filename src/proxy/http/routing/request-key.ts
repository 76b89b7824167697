/** What of a request decides its route. */
export interface RequestKey {
  /** Host with or without port, in any case. */
  readonly authority: string
  readonly method: string
  /** Path and query, normalised if the listener says so. */
  readonly path: string
  readonly scheme: string
  /** Lower-case name → first value. */
  header(name: string): string | undefined
}
