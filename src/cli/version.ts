import { type Command, InvalidArgumentError, Option } from 'commander'
import { stringify } from 'yaml'
import { Fault } from '#base/fault.ts'
import type { ConnectIfUp } from './analyze.ts'
import { type ApiConnection, type ApiFlags, addApiOptions } from './api-connection.ts'
import type { VerbIo } from './verb-io.ts'

interface VersionFlags extends ApiFlags {
  readonly output: 'text' | 'json' | 'yaml'
  readonly remote: boolean
  readonly short?: true
}

/** `postern version`: of this program, and of the API server when one is up. */
export function addVersionVerb(program: Command, io: VerbIo, connect: ConnectIfUp): void {
  const verb = program
    .command('version')
    .description('Prints the version of this program, and of the API server when one is up.')
    .addOption(
      new Option('-o, --output <format>', 'form of the result: text, json or yaml')
        .default('text')
        .argParser(parseOutput),
    )
    .addOption(
      new Option('--remote [boolean]', 'ask the API server too').default(true).argParser((value) => value !== 'false'),
    )
    .option('-s, --short', 'the versions alone')
  addApiOptions(verb).action(async (flags: VersionFlags) => {
    const server = flags.remote ? await serverVersion(connect(flags)) : undefined
    const answer = {
      clientVersion: program.version() ?? 'unknown',
      ...(server !== undefined && { serverVersion: server }),
    }
    if (flags.output === 'json') io.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    else if (flags.output === 'yaml') io.stdout.write(stringify(answer))
    else io.stdout.write(text(answer, flags.short === true))
  })
}

function text(answer: { readonly clientVersion: string; readonly serverVersion?: string }, isShort: boolean): string {
  const { clientVersion, serverVersion } = answer
  if (isShort) return [clientVersion, serverVersion].flatMap((one) => (one === undefined ? [] : [`${one}\n`])).join('')
  return `client version: ${clientVersion}\n${serverVersion === undefined ? '' : `API server version: ${serverVersion}\n`}`
}

/** undefined when no server is up or it does not tell: one's own version is an answer all the same. */
async function serverVersion(connection: ApiConnection | undefined): Promise<string | undefined> {
  try {
    const outcome = await connection?.client.raw('GET', '/version')
    return outcome?.kind === 'done' && typeof outcome.value.gitVersion === 'string'
      ? outcome.value.gitVersion
      : undefined
  } catch (thrown) {
    if (thrown instanceof Fault) return undefined
    throw thrown
  }
}

function parseOutput(value: string): VersionFlags['output'] {
  const format = value.replace(/^=/, '')
  if (format === 'text' || format === 'json' || format === 'yaml') return format
  throw new InvalidArgumentError('it is text, json or yaml')
}
