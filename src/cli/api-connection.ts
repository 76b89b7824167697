import { type Command, Option } from 'commander'
import { Fault } from '#base/fault.ts'
import type { Discovery } from '#kube/client/discovery.ts'
import type { KubeClient } from '#kube/client/kube-client.ts'
import type { Refusal } from '#kube/client/outcome.ts'
import type { VerbIo } from './verb-io.ts'

/** Which API server, as the options of a verb say it. */
export interface ApiFlags {
  readonly kubeconfig?: string
  readonly context?: string
}

/** The API server that a verb talks to. */
export interface ApiConnection {
  readonly client: KubeClient
  discover(): Promise<Discovery>
}

/** Finds the API server: of the options, of `$KUBECONFIG`, or of the embedded mesh. Throws a Fault when there is none. */
export type Connect = (flags: ApiFlags) => ApiConnection

/** Adds the options that say which API server. */
export function addApiOptions(verb: Command): Command {
  return verb
    .addOption(
      new Option(
        '-c, --kubeconfig <file>',
        'kubeconfig of the API server (default: $KUBECONFIG, else the mesh that is up)',
      ),
    )
    .addOption(new Option('--context <name>', 'context of the kubeconfig'))
}

/** What ends a verb with a message and the verb's exit code for failures. */
export class VerbError extends Error {
  /** Several messages, one line each. */
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'VerbError'
    this.lines = lines
  }
}

/** The words of a server that refused. */
export function refusalText({ message }: Refusal): string {
  return message
}

/** Warnings of the server, as kubectl prints them. */
export function printWarnings(warnings: readonly string[], io: VerbIo): void {
  for (const warning of warnings) io.stderr.write(`Warning: ${warning}\n`)
}

/** Does what a verb does; failures become lines on standard error, `Error: ...`, and the exit code. */
export async function reporting(io: VerbIo, exitCode: number, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (thrown) {
    if (thrown instanceof VerbError) for (const line of thrown.lines) io.stderr.write(`Error: ${line}\n`)
    else if (thrown instanceof Fault) {
      io.stderr.write(`Error: ${thrown.message}\n`)
      if (thrown.mend !== undefined) io.stderr.write(`       ${thrown.mend}\n`)
    } else throw thrown
    io.exitCode = exitCode
  }
}
