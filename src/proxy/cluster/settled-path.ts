import { realpathSync } from 'node:fs'

/**
 * Where a file of the machine really is, links followed once: a sealed program of root may turn the links, but cannot get at what they led to when
 * the sidecar started. The path itself where there is nothing yet.
 */
export function settledPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
