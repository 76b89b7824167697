import { type Command, InvalidArgumentError, Option } from 'commander'
import { renderTable } from './render/table.ts'
import type { VerbIo } from './verb-io.ts'

/** Credentials that the API server accepts. */
export interface CredentialRow {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly kind: 'certificate' | 'token'
  readonly name: string
  readonly groups: readonly string[]
  /** RFC 3339 */
  readonly issuedAt: string
  /** RFC 3339; absent: never. */
  readonly expiresAt?: string
}

export interface Revoked {
  readonly revoked: readonly CredentialRow[]
  /** The mesh's own kubeconfig, when it had to be written anew. */
  readonly kubeconfig?: string
}

/** Whom credentials are for, and of which kind they are. */
export interface Wanted {
  readonly user: string
  readonly role: Role
  readonly kind: CredentialRow['kind']
}

export type Role = 'admin' | 'view' | 'workload'

/** What the verb does; a Fault says that something failed. */
export interface CredentialActions {
  list(state: string | undefined): Promise<readonly CredentialRow[]>
  /** Writes a kubeconfig with new credentials into a file of mode 0600; answers their id. */
  issue(wanted: Wanted, file: string, state: string | undefined): Promise<string>
  revoke(target: string, state: string | undefined): Promise<Revoked>
}

interface Flags {
  readonly state?: string
}

/** `postern credentials list|issue|revoke`: who may use the API, and until when. */
export function addCredentials(program: Command, io: VerbIo, actions: CredentialActions): void {
  const verb = program.command('credentials').description('list, issue and revoke what the API of the mesh accepts')
  const stateOption = () => new Option('--state <dir>', 'where the mesh keeps its state')
  verb
    .command('list', { isDefault: true })
    .description('print the credentials that are good')
    .addOption(stateOption())
    .addOption(new Option('-o, --output <format>', 'form of the result').choices(['table', 'json']).default('table'))
    .action(async ({ state, output }: Flags & { output: 'table' | 'json' }) => {
      const rows = await actions.list(state)
      io.stdout.write(output === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : tableOf(rows))
    })
  verb
    .command('issue')
    .description('write a kubeconfig with new credentials; the mesh must be up')
    .argument('<user>', 'name of the user', parseUser)
    .argument('<file>', 'the kubeconfig to write, with mode 0600')
    .addOption(
      new Option('--role <role>', 'what the user may do').choices(['admin', 'view', 'workload']).default('view'),
    )
    .option('--token', 'a bearer token, which never expires, instead of a certificate for a year', false)
    .addOption(stateOption())
    .action(async (user: string, file: string, { role, token, state }: Flags & { role: Role; token: boolean }) => {
      const id = await actions.issue({ user, role, kind: token ? 'token' : 'certificate' }, file, state)
      io.stdout.write(`${file}: ${token ? 'token' : 'certificate'} ${id} of ${user}\n`)
    })
  verb
    .command('revoke')
    .description('take credentials back, at once; also while the mesh is down')
    .argument('<target>', 'an id that list prints, or the name of a user: all that the user has')
    .addOption(stateOption())
    .action(async (target: string, { state }: Flags) => tellRevoked(target, await actions.revoke(target, state), io))
}

function tellRevoked(target: string, { revoked, kubeconfig }: Revoked, io: VerbIo): void {
  for (const { kind, id, name } of revoked) io.stdout.write(`Revoked ${kind} ${id} of ${name}\n`)
  if (kubeconfig !== undefined) io.stdout.write(`The mesh's own kubeconfig has new ones: ${kubeconfig}\n`)
  if (revoked.length > 0) return
  io.stderr.write(
    `postern: "${target}" is neither the id of credentials nor a user who has any\n         see what there is:  postern credentials list\n`,
  )
  io.exitCode = 1
}

function tableOf(rows: readonly CredentialRow[]): string {
  return renderTable(
    ['ID', 'USER', 'KIND', 'GROUPS', 'ISSUED', 'EXPIRES'],
    rows.map(({ id, name, kind, groups, issuedAt, expiresAt }) => [
      id,
      name,
      kind,
      groups.join(','),
      issuedAt,
      expiresAt ?? 'never',
    ]),
  )
}

/** The common name of a certificate has 64 characters at most. */
function parseUser(name: string): string {
  if (/^[\w.@:-]{1,64}$/.test(name)) return name
  throw new InvalidArgumentError('a user is 1 to 64 letters, digits and . _ - @ :')
}
