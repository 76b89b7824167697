import type { KindDefinition } from '#api/kind.ts'
import { authenticate } from './auth/authenticate.ts'
import { CertificateAuthority } from './auth/certificate-authority.ts'
import { Credentials, type IssuedCredential } from './auth/credentials.ts'
import { ServerCertificate } from './auth/server-certificate.ts'
import { StateFiles } from './auth/state-files.ts'
import { Discovery } from './discovery/discovery.ts'
import { Exchanges } from './http/exchange.ts'
import { HttpsServer } from './http/https-server.ts'
import { servePath } from './http/path-routes.ts'
import { serveResource } from './http/resource-routes.ts'
import { Lifecycle } from './lifecycle/lifecycle.ts'
import { createBuiltInNamespaces } from './objects/built-in-namespaces.ts'
import { KindRegistry } from './objects/kind-registry.ts'
import type { Store } from './store/store.ts'

/** What an API server is made of. */
export interface ApiServerOptions {
  /** Where its certificates and the list of issued credentials are kept; nothing else is in it. */
  readonly directory: string
  readonly store: Store
  readonly kinds: readonly KindDefinition[]
  /** Port on loopback; 0, any free one, is the default. */
  readonly port?: number
  /** Told of what went wrong in the server itself: requests are answered with a Status. */
  readonly onFault: (text: string) => void
}

interface Parts {
  readonly authority: CertificateAuthority
  readonly credentials: Credentials
  readonly exchanges: Exchanges
  readonly server: HttpsServer
  readonly certificate: ServerCertificate
  readonly lifecycle: Lifecycle
}

/** A Kubernetes API server on loopback: the objects of `kinds` in `store`, for those whose credentials it issued. */
export class ApiServer {
  /** https://127.0.0.1:PORT */
  readonly address: string
  readonly authority: CertificateAuthority
  readonly credentials: Credentials
  readonly #parts: Parts

  private constructor(port: number, parts: Parts) {
    this.address = `https://127.0.0.1:${port}`
    this.authority = parts.authority
    this.credentials = parts.credentials
    this.#parts = parts
  }

  /** Throws a Fault when it cannot listen, or cannot use its directory. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { store, onFault } = options
    const files = new StateFiles(options.directory)
    const authority = await CertificateAuthority.open(files)
    const certificate = await ServerCertificate.open(files, authority)
    const credentials = new Credentials(files, authority)
    const registry = new KindRegistry(options.kinds)
    const context = { store, registry, now: () => new Date() }
    await createBuiltInNamespaces(context)
    const discovery = new Discovery(registry)
    const exchanges = new Exchanges({
      authenticate: (request) => authenticate(request, credentials),
      serveResource: (request) => serveResource(context, discovery, request),
      servePath: (request) => servePath(discovery, request),
      onFault,
    })
    const server = new HttpsServer({
      pair: certificate.pair,
      clientAuthority: authority.certificate,
      onRequest: exchanges.answer,
    })
    const port = await server.listen(options.port ?? 0)
    const lifecycle = new Lifecycle(context, onFault)
    certificate.keepFresh((pair) => server.setServerPair(pair), onFault)
    return new ApiServer(port, { authority, credentials, exchanges, server, certificate, lifecycle })
  }

  /**
   * Takes credentials back by their id, or all of a user; answers which. They are refused at once, and what is being answered to them is cut off, even
   * when a Fault says that it could not be written down.
   */
  revoke(idOrUser: string): readonly IssuedCredential[] {
    const { credentials, exchanges } = this.#parts
    const before = credentials.list()
    try {
      return credentials.revoke(idOrUser)
    } finally {
      const good = new Set(credentials.list().map(({ id }) => id))
      exchanges.cutOff(new Set(before.flatMap(({ id }) => (good.has(id) ? [] : [id]))))
    }
  }

  /** Ends every connection. The store stays open: it is its owner's. */
  async close(): Promise<void> {
    const { certificate, server, lifecycle } = this.#parts
    certificate.close()
    await server.close()
    await lifecycle.close()
  }
}
