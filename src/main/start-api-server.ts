import { KINDS } from '#api/kinds.ts'
import { ApiServer } from '#apiserver/api-server.ts'
import type { IssuedCredential } from '#apiserver/auth/credentials.ts'
import { type KubeconfigParts, writeKubeconfig } from '#apiserver/auth/kubeconfig.ts'
import { ADMIN_GROUP, type User } from '#apiserver/auth/user.ts'
import { openStore } from '#apiserver/store/open-store.ts'
import { credentialsDirectory, storeOptions } from './state-directory.ts'

/** What an embedded API server needs to be told. */
export interface ApiServerSettings {
  /** Holds everything that outlives the process: objects, the key of Secrets, certificates. Made with mode 0700. */
  readonly stateDirectory: string
  /** Port on loopback; 0, any free one, is the default. */
  readonly port?: number
  readonly onFault: (text: string) => void
}

/** Credentials as they are handed out. */
export interface Issued {
  readonly id: string
  readonly kubeconfig: string
}

/** An API server that is up. */
export interface RunningApiServer {
  /** https://127.0.0.1:PORT */
  readonly address: string
  /** PEM */
  readonly certificateAuthority: string
  /** New credentials for `user`, and the text of a kubeconfig that has them: a secret. Certificates are good for a year, tokens until they are revoked. */
  issue(user: User, kind: 'certificate' | 'token'): Promise<Issued>
  /** A kubeconfig of a user who is this process itself, with credentials that end with it and are in no list. */
  kubeconfigOfProcess(user: User): string
  /** All credentials that are good. */
  credentials(): readonly IssuedCredential[]
  /** Takes credentials back by their id, or all of a user; effective at once. Answers which. */
  revoke(idOrUser: string): readonly IssuedCredential[]
  /** The revision of the store's newest write. */
  revision(): number
  close(): Promise<void>
}

/** The administrator of the machine's own mesh. */
export const ADMIN: User = { name: 'postern-admin', groups: [ADMIN_GROUP] }

/** Opens the store and serves it. Throws a Fault when either cannot be done; nothing stays open then. */
export async function startApiServer(settings: ApiServerSettings): Promise<RunningApiServer> {
  const { stateDirectory, onFault } = settings
  const store = openStore(storeOptions(stateDirectory))
  try {
    const directory = credentialsDirectory(stateDirectory)
    const server = await ApiServer.start({
      directory,
      store,
      kinds: KINDS,
      port: settings.port ?? 0,
      onFault,
    })
    return {
      ...accessTo(server),
      revision: () => store.revision,
      close: async () => {
        await server.close()
        await store.close()
      },
    }
  } catch (thrown) {
    await store.close()
    throw thrown
  }
}

function accessTo(server: ApiServer): Omit<RunningApiServer, 'close' | 'revision'> {
  const { address, authority, credentials } = server
  const kubeconfig = (user: User, secret: KubeconfigParts['credentials']) =>
    writeKubeconfig({
      server: address,
      certificateAuthority: authority.certificate,
      user: user.name,
      credentials: secret,
    })
  return {
    address,
    certificateAuthority: authority.certificate,
    async issue(user, kind) {
      if (kind === 'token') {
        const { id, token } = credentials.issueToken(user)
        return { id, kubeconfig: kubeconfig(user, { kind, token }) }
      }
      const { id, pair } = await credentials.issueCertificate(user)
      return { id, kubeconfig: kubeconfig(user, { kind, pair }) }
    },
    kubeconfigOfProcess: (user) => kubeconfig(user, { kind: 'token', token: credentials.issueProcessToken(user) }),
    credentials: () => credentials.list(),
    revoke: (idOrUser) => server.revoke(idOrUser),
  }
}
