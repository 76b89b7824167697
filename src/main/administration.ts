import { writeDurably } from '#apiserver/store/durable-file.ts'
import type { CredentialRow, Revoked } from '#cli/credentials.ts'
import { ADMIN, type Issued, type RunningApiServer } from './start-api-server.ts'

/** What the mesh answers about credentials on its admin socket, and the kubeconfig that its administrator finds. */
export class Administration {
  readonly #api: Pick<RunningApiServer, 'issue' | 'credentials' | 'revoke'>
  readonly #kubeconfig: string
  /** Of the credentials in that kubeconfig. */
  #ownId = ''

  constructor(api: Pick<RunningApiServer, 'issue' | 'credentials' | 'revoke'>, kubeconfig: string) {
    this.#api = api
    this.#kubeconfig = kubeconfig
  }

  async writeKubeconfig(): Promise<void> {
    const { id, kubeconfig } = await this.#api.issue(ADMIN, 'certificate')
    writeDurably(this.#kubeconfig, Buffer.from(kubeconfig))
    this.#ownId = id
  }

  /** undefined when it is no question about credentials. */
  async answer(question: string): Promise<readonly CredentialRow[] | Revoked | Issued | undefined> {
    const { pathname, searchParams } = new URL(question.slice(question.indexOf(' ') + 1), 'http://mesh')
    const asked = (name: string) => searchParams.get(name) ?? ''
    switch (`${question.split(' ')[0]} ${pathname}`) {
      case 'GET /credentials':
        return this.#api.credentials()
      case 'POST /credentials/revoke':
        return this.#revoke(asked('target'))
      case 'POST /credentials/issue':
        return this.#api.issue(
          { name: asked('user'), groups: searchParams.getAll('group') },
          asked('kind') === 'token' ? 'token' : 'certificate',
        )
      default:
        return undefined
    }
  }

  /** Whoever is on this machine stays its administrator: a kubeconfig of which the credentials are gone is written anew. */
  async #revoke(target: string): Promise<Revoked> {
    const revoked = this.#api.revoke(target)
    if (!revoked.some(({ id }) => id === this.#ownId)) return { revoked }
    await this.writeKubeconfig()
    return { revoked, kubeconfig: this.#kubeconfig }
  }
}
