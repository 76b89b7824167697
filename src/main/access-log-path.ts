import { resolve } from 'node:path'
import type { RunOptions } from '#cli/run.ts'

/** What `--access-log` means: an absolute path, or undefined when it was not given. */
export function accessLogPath({ accessLog }: Pick<RunOptions, 'accessLog'>): string | undefined {
  if (accessLog === undefined) return undefined
  return accessLog === '-' ? '/dev/stdout' : resolve(accessLog)
}
