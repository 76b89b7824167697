import { lstatSync } from 'node:fs'
import type { Command } from 'commander'
import { CertificateAuthority } from '#apiserver/auth/certificate-authority.ts'
import { Credentials } from '#apiserver/auth/credentials.ts'
import { StateFiles } from '#apiserver/auth/state-files.ts'
import { ADMIN_GROUP, registrationOf, VIEW_GROUP, WORKLOAD_GROUP, workloadUser } from '#apiserver/auth/user.ts'
import { writeDurably } from '#apiserver/store/durable-file.ts'
import { lockStore } from '#apiserver/store/store-lock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { addCredentials, type CredentialRow, type Revoked, type Wanted } from '#cli/credentials.ts'
import type { VerbIo } from '#cli/verb-io.ts'
import { askMesh } from './ask-mesh.ts'
import { writtenMeshKubeconfig } from './connect-api.ts'
import { meshPlace } from './mesh-place.ts'
import type { Issued } from './start-api-server.ts'
import { credentialsDirectory, stateDirectory, storeOptions } from './state-directory.ts'

const GROUPS = { admin: ADMIN_GROUP, view: VIEW_GROUP, workload: WORKLOAD_GROUP } as const

/** `postern credentials`: of the mesh that is up, else of its files. */
export function addCredentialsVerb(program: Command, io: VerbIo = process): void {
  addCredentials(program, io, { list, issue, revoke })
}

async function list(state: string | undefined): Promise<readonly CredentialRow[]> {
  const answer = (await ask('GET', '/credentials', state)) as readonly CredentialRow[] | undefined
  return answer ?? whileDown(state, (credentials) => credentials.list())
}

async function issue({ user, role, kind }: Wanted, file: string, state: string | undefined): Promise<string> {
  if (role === 'workload' && registrationOf({ name: user, groups: [WORKLOAD_GROUP] }) === undefined) {
    throw new Fault('credentials/workload-user', `the user ${JSON.stringify(user)} is no workload's`, {
      mend: `name the registration that it may read:  ${workloadUser('NAMESPACE', 'NAME').name}`,
    })
  }
  // A rename would put a file in the place of a device, or of a link, of which /dev/stdout is one.
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    throw new Fault('credentials/file', `"${file}" is there and is no file`, { mend: 'name one, or one that is to be' })
  }
  const query = new URLSearchParams({ user, kind, group: GROUPS[role] })
  const issued = (await ask('POST', `/credentials/issue?${query}`, state)) as Issued | undefined
  if (issued === undefined) throw new Fault('mesh/down', 'no mesh is up', { mend: 'start one:  postern up' })
  try {
    writeDurably(file, Buffer.from(issued.kubeconfig))
  } catch (cause) {
    // Nobody has them.
    await revoke(issued.id, state)
    throw new Fault(
      'credentials/file',
      `the kubeconfig cannot be written, and there are no new credentials: ${messageOf(cause)}`,
      {
        cause,
        mend: 'name a file in a directory that is there',
      },
    )
  }
  return issued.id
}

async function revoke(target: string, state: string | undefined): Promise<Revoked> {
  const answer = await ask('POST', `/credentials/revoke?${new URLSearchParams({ target })}`, state)
  return (answer as Revoked | undefined) ?? whileDown(state, (credentials) => ({ revoked: credentials.revoke(target) }))
}

function ask(method: 'GET' | 'POST', path: string, state: string | undefined): Promise<unknown> {
  return askMesh(meshPlace(stateDirectory(state)).admin, method, path)
}

/** Nobody else changes the list meanwhile: whoever serves it has the lock of the store. */
async function whileDown<Result>(
  state: string | undefined,
  use: (credentials: Credentials) => Result,
): Promise<Result> {
  // A mesh that was never up has no credentials to look at, and none are made.
  writtenMeshKubeconfig(state)
  const directory = stateDirectory(state)
  const release = lockStore(storeOptions(directory).directory)
  try {
    const files = new StateFiles(credentialsDirectory(directory))
    return use(new Credentials(files, await CertificateAuthority.open(files)))
  } finally {
    release()
  }
}
