import { lstatSync, mkdirSync, rmSync } from 'node:fs'
import { Fault } from '#base/fault.ts'

/**
 * Makes a directory that only this user enters, or takes one that was made so before.
 * Fault `control/socket-directory` when something else is there.
 */
export function makePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (isPrivate(path)) return
    throw new Fault('control/socket-directory', `"${path}" is there already, and others may enter it`, {
      mend: 'start the command again: each run chooses another name',
    })
  }
}

/** What is not this user's alone was not made here, and stays. */
export function removePrivateDirectory(path: string): void {
  if (isPrivate(path)) rmSync(path, { recursive: true, force: true })
}

function isPrivate(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false })
  return status?.isDirectory() === true && status.uid === process.getuid?.() && (status.mode & 0o077) === 0
}
