import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#base/fault.ts'

/**
 * Why a command did not start: `capsule/command-not-found` or `capsule/command-not-executable`. PATH may hold directories that this user
 * cannot search: exec then says EACCES for a command that is nowhere.
 */
export function commandFault(file: string, path: string | undefined, error: NodeJS.ErrnoException): Fault {
  const places = file.includes('/') ? [file] : (path ?? '').split(':').map((directory) => join(directory, file))
  if (!places.some(existsSync)) return new Fault('capsule/command-not-found', `there is no command "${file}"`)
  return new Fault('capsule/command-not-executable', `cannot run "${file}": ${error.code ?? error.message}`)
}
