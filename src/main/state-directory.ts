import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { StoreOptions } from '#apiserver/store/open-store.ts'
import { Fault } from '#base/fault.ts'

/** Where the mesh keeps what it knows, as an absolute path: what the user named, else `$XDG_STATE_HOME/postern`, else `~/.local/state/postern`. */
export function stateDirectory(named: string | undefined): string {
  if (named === '') {
    const mend = 'is the variable set that should name it?'
    throw new Fault('mesh/no-directory', '--state names no directory: it is empty', { mend })
  }
  if (named !== undefined) return resolve(named)
  const { XDG_STATE_HOME: home } = process.env
  // A relative one is to be ignored, says the specification of these directories.
  return join(home?.startsWith('/') ? home : join(homedir(), '.local/state'), 'postern')
}

/** Where the API server keeps its authority, and the list of what it has issued. */
export function credentialsDirectory(state: string): string {
  return join(state, 'credentials')
}

/** The store of a state directory, with the key of its Secrets beside it. */
export function storeOptions(state: string): StoreOptions & Required<Pick<StoreOptions, 'encrypted'>> {
  return {
    directory: join(state, 'store'),
    encrypted: { keyFile: join(state, 'store.key'), kinds: [{ group: '', plural: 'secrets' }] },
  }
}
