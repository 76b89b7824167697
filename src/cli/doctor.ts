import { type Command, Option } from 'commander'
import type { VerbIo } from './verb-io.ts'

/** One look at the machine, as `capsule/requirements.ts` reports it. */
export interface MachineCheck {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  readonly detail: string
  readonly mend: string | undefined
}

/** `postern doctor [-o text|json]`: exit code 1 when something that capsules need is missing, 0 otherwise. */
export function addDoctorVerb(program: Command, io: VerbIo, inspect: () => Promise<readonly MachineCheck[]>): void {
  program
    .command('doctor')
    .description('Checks that this machine can build capsules; each failure prints the command that mends it.')
    .addOption(new Option('-o, --output <format>', 'form of the result').choices(['text', 'json']).default('text'))
    .action(async (options: { output: 'text' | 'json' }) => {
      const checks = await inspect()
      const failed = checks.some(({ status }) => status === 'failed')
      io.stdout.write(options.output === 'json' ? renderJson(checks, !failed) : renderText(checks))
      io.exitCode = failed ? 1 : 0
    })
}

const marks = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ' } as const

function renderText(checks: readonly MachineCheck[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  return checks
    .map(({ name, status, detail, mend }) => {
      const line = `${marks[status]}  ${name.padEnd(width)}  ${detail}\n`
      return mend === undefined ? line : `${line}${' '.repeat(width + 11)}mend: ${mend}\n`
    })
    .join('')
}

function renderJson(checks: readonly MachineCheck[], healthy: boolean): string {
  return `${JSON.stringify({ healthy, checks }, null, 2)}\n`
}
