/** What an attempt is told about the outside: paths and process ids that only the world knows. */
export interface Target {
  /** A process outside of the same user. */
  readonly victimPid: number
  /** A directory with the outside's sockets: `before.sock`, `before-datagram.sock`; later `after.sock`, then `after.ready`. */
  readonly directory: string
  /** Of the API of the mesh whose state directory that is. */
  readonly port?: number
}

/** Tries to get out. Says what it reached; returns undefined or throws when it was refused. */
export type Attempt = (target: Target) => Promise<string | undefined> | string | undefined

/** Tries all; says what the successful ones reached. */
export async function any(
  ...attempts: readonly (() => Promise<string | undefined> | string | undefined)[]
): Promise<string | undefined> {
  const reached: string[] = []
  for (const attempt of attempts) {
    try {
      const said = await attempt()
      if (said !== undefined) reached.push(said)
    } catch {
      // Refused.
    }
  }
  return reached.length === 0 ? undefined : reached.join(', ')
}
