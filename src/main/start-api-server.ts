import { join } from 'node:path'
import { KINDS } from '#api/kinds.ts'
import { ApiServer } from '#apiserver/api-server.ts'
import { writeKubeconfig } from '#apiserver/auth/kubeconfig.ts'
import { ADMIN_GROUP, type User } from '#apiserver/auth/user.ts'
import { openStore } from '#apiserver/store/open-store.ts'

import { storeOptions } from './state-directory.ts'

/** What an embedded API server needs to be told. */
export interface ApiServerSettings {
  /** Holds everything that outlives the process: objects, the key of Secrets, certificates. Made with mode 0700. */
  readonly stateDirectory: string
  /** Port on loopback; 0, any free one, is the default. */
  readonly port?: number
  readonly onFault: (text: string) => void
}

/** An API server that is up. */
export interface RunningApiServer {
  /** https://127.0.0.1:PORT */
  readonly address: string
  /** PEM */
  readonly certificateAuthority: string
  /** The text of a kubeconfig for `user`, with a client certificate that is good for a year: a secret. */
  kubeconfigFor(user: User): Promise<string>
  /** A bearer token for `user`, and a kubeconfig that has it: secrets. */
  issueToken(user: User): { readonly token: string; readonly kubeconfig: string }
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
    const directory = join(stateDirectory, 'credentials')
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

function accessTo({ address, authority, tokens }: ApiServer): Omit<RunningApiServer, 'close' | 'revision'> {
  const common = { server: address, certificateAuthority: authority.certificate }
  return {
    address,
    certificateAuthority: authority.certificate,
    async kubeconfigFor(user) {
      const pair = await authority.issueClient(user)
      return writeKubeconfig({ ...common, user: user.name, credentials: { kind: 'certificate', pair } })
    },
    issueToken(user) {
      const token = tokens.issue(user)
      return {
        token,
        kubeconfig: writeKubeconfig({ ...common, user: user.name, credentials: { kind: 'token', token } }),
      }
    },
  }
}
