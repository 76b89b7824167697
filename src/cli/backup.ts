import { type Command, Option } from 'commander'
import type { VerbIo } from './verb-io.ts'

/** What a backup holds. */
export interface BackedUp {
  readonly revision: number
  readonly objects: number
  /** The key that opens its Secrets, "" when none are sealed. */
  readonly keyId: string
  /** Where that key lies. */
  readonly keyFile: string
}

export interface Restored extends BackedUp {
  /** The database that was in force before, if there was one. */
  readonly replaced: string | undefined
  /** Whether the key file opens the Secrets of the backup. */
  readonly keyFits: boolean
}

const stateOption = () =>
  new Option('--state <dir>', 'where the mesh keeps its state (default: $XDG_STATE_HOME/postern)')

/** `postern backup FILE [--state DIR]`: also while the mesh is up. */
export function addBackupVerb(program: Command, io: VerbIo, backup: (file: string, state?: string) => BackedUp): void {
  program
    .command('backup')
    .description('Writes all that the mesh knows into one file, checked before it gets its name; the mesh may be up.')
    .argument('<file>', 'the file to write; one that is there is replaced')
    .addOption(stateOption())
    .action((file: string, { state }: { state?: string }) => {
      const { revision, objects, keyId, keyFile } = backup(file, state)
      io.stdout.write(`${file}: ${count(objects)} at revision ${revision}\n`)
      if (keyId !== '')
        io.stderr.write(
          `Its Secrets need the key file ${keyFile} (key ${keyId}), which is not in it: keep that elsewhere.\n`,
        )
    })
}

/** `postern restore FILE [--state DIR] [--force]`: while the mesh is down. */
export function addRestoreVerb(
  program: Command,
  io: VerbIo,
  restore: (file: string, replace: boolean, state?: string) => Restored,
): void {
  program
    .command('restore')
    .description('Puts a backup in force, checked before anything is replaced; the mesh must be down.')
    .argument('<file>', 'what postern backup wrote')
    .addOption(stateOption())
    .option('--force', 'also where there is a store already, which is kept beside the new one', false)
    .action((file: string, { state, force }: { state?: string; force: boolean }) => {
      const { revision, objects, replaced, keyId, keyFile, keyFits } = restore(file, force, state)
      io.stdout.write(`Restored ${count(objects)} at revision ${revision}\n`)
      if (replaced !== undefined) io.stdout.write(`What was there is kept: ${replaced}\n`)
      if (!keyFits)
        io.stderr.write(`warning: its Secrets need key ${keyId}: put that key file at ${keyFile} before postern up\n`)
    })
}

function count(objects: number): string {
  return objects === 1 ? '1 object' : `${objects} objects`
}
