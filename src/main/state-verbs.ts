import type { Command } from 'commander'
import { backupStore, restoreStore } from '#apiserver/store/backup-store.ts'
import { openVault } from '#apiserver/store/vault.ts'
import { addBackupVerb, addRestoreVerb, type BackedUp, type Restored } from '#cli/backup.ts'
import type { VerbIo } from '#cli/verb-io.ts'
import { stateDirectory, storeOptions } from './state-directory.ts'

/** The verbs that carry the state of a mesh away and bring it back. */
export function addStateVerbs(program: Command, io: VerbIo = process): void {
  addBackupVerb(program, io, backup)
  addRestoreVerb(program, io, restore)
}

function backup(file: string, state?: string): BackedUp {
  const { directory, encrypted } = storeOptions(stateDirectory(state))
  return { ...backupStore(directory, file), keyFile: encrypted.keyFile }
}

function restore(file: string, replace: boolean, state?: string): Restored {
  const { directory, encrypted } = storeOptions(stateDirectory(state))
  const { keyFile } = encrypted
  const restored = restoreStore(file, directory, replace)
  return { ...restored, keyFile, keyFits: restored.keyId === '' || opens(keyFile, restored.keyId) }
}

function opens(keyFile: string, keyId: string): boolean {
  try {
    return openVault(keyFile, keyId).keyId === keyId
  } catch {
    // Missing, another one, or open to others: opening the store will say which.
    return false
  }
}
