import { readFileSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import {
  type KubeconfigText,
  type MergedKubeconfig,
  mergeKubeconfigs,
  type NamedPart,
  readKubeconfigFiles,
} from './kubeconfig-file.ts'

/** How to reach one API server, and as whom. Holds secrets: never printed. */
export interface ApiAccess {
  readonly server: URL
  /** The namespace of objects that name none; "default" when the context names none either. */
  readonly namespace: string
  readonly tls: {
    readonly ca: Buffer | undefined
    readonly cert: Buffer | undefined
    readonly key: Buffer | undefined
    readonly insecureSkipVerify: boolean
    readonly serverName: string | undefined
  }
  /** Who the requests are made for, where that is somebody else than who makes them (`as`, `as-groups`). */
  readonly impersonated: { readonly user: string; readonly groups: readonly string[] } | undefined
  /** Asked for each request: a token file may be rotated. */
  bearerToken(): string | undefined
}

/** Which files, as `KUBECONFIG` lists them; or a kubeconfig itself. */
export type KubeconfigSource =
  | { readonly paths: readonly string[] }
  | { readonly text: string; readonly directory?: string }

/** The files that a value of `KUBECONFIG` names. */
export function kubeconfigPaths(value: string): readonly string[] {
  return value.split(delimiter).filter((path) => path !== '')
}

/**
 * Reads how to reach the API server of a context; the current one when none is named.
 * Throws a Fault: `kube/kubeconfig-missing`, `kube/kubeconfig-invalid`, or `kube/credentials-unsupported` for exec plugins and the like.
 */
export function loadKubeconfig(source: KubeconfigSource, context?: string): ApiAccess {
  const texts: readonly KubeconfigText[] =
    'text' in source
      ? [{ text: source.text, directory: source.directory ?? '/', name: 'kubeconfig' }]
      : readKubeconfigFiles(source.paths)
  const merged = mergeKubeconfigs(texts)
  const name = context ?? merged.currentContext
  if (name === undefined)
    throw invalid('it has no current-context', 'kubectl config use-context NAME, or --context NAME')
  const chosen = part(merged.contexts, 'context', name)
  const cluster = part(merged.clusters, 'cluster', text(chosen, 'cluster') ?? '')
  const userName = text(chosen, 'user')
  const user = userName === undefined ? undefined : part(merged.users, 'user', userName)
  refuseUnsupported(cluster, user, userName)
  return {
    server: serverOf(cluster),
    namespace: text(chosen, 'namespace') ?? 'default',
    tls: {
      ca: material(cluster, 'certificate-authority'),
      cert: user && material(user, 'client-certificate'),
      key: user && material(user, 'client-key'),
      insecureSkipVerify: cluster.fields['insecure-skip-tls-verify'] === true,
      serverName: text(cluster, 'tls-server-name'),
    },
    impersonated: user && impersonatedBy(user),
    bearerToken: tokenSource(user),
  }
}

function part(parts: MergedKubeconfig['contexts'], what: string, name: string): NamedPart {
  const found = parts.get(name)
  if (found !== undefined) return found
  const names = [...parts.keys()].map((one) => JSON.stringify(one)).join(', ')
  throw invalid(`it has no ${what} ${JSON.stringify(name)}`, names === '' ? undefined : `it has ${names}`)
}

function serverOf(cluster: NamedPart): URL {
  const server = text(cluster, 'server')
  if (server === undefined) throw invalid('its cluster names no server')
  const withScheme = /^https?:\/\//.test(server) ? server : `https://${server}`
  if (!URL.canParse(withScheme)) throw invalid(`its server ${JSON.stringify(server)} is no URL`)
  return new URL(withScheme)
}

/** Ways to log in that need another program or a proxy: refused by name, rather than failing with "Unauthorized" later. */
function refuseUnsupported(cluster: NamedPart, user: NamedPart | undefined, userName: string | undefined): void {
  for (const field of ['exec', 'auth-provider', 'username', 'password']) {
    if (user?.fields[field] === undefined) continue
    throw new Fault(
      'kube/credentials-unsupported',
      `user ${JSON.stringify(userName)} of the kubeconfig uses "${field}", which is not supported`,
      {
        mend: 'give the user a token, a tokenFile, or a client certificate with its key; for a service account: kubectl create token NAME',
      },
    )
  }
  if (text(cluster, 'proxy-url') === undefined) return
  throw new Fault(
    'kube/credentials-unsupported',
    'the cluster of the kubeconfig uses "proxy-url", which is not supported',
    {
      mend: 'name a server that can be reached without a proxy',
    },
  )
}

/** `FIELD-data` in base64, or the file that `FIELD` names. */
function material(from: NamedPart, field: string): Buffer | undefined {
  const data = text(from, `${field}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64')
  const file = text(from, field)
  return file === undefined ? undefined : readCredential(resolve(from.directory, file), field)
}

function impersonatedBy(user: NamedPart): ApiAccess['impersonated'] {
  const name = text(user, 'as')
  const groups = user.fields['as-groups']
  if (name === undefined) return undefined
  return { user: name, groups: Array.isArray(groups) ? groups.map(String) : [] }
}

function tokenSource(user: NamedPart | undefined): () => string | undefined {
  const token = user && text(user, 'token')
  const file = user && text(user, 'tokenFile')
  if (token !== undefined || user === undefined || file === undefined) return () => token
  const path = resolve(user.directory, file)
  return () => readCredential(path, 'tokenFile').toString('utf8').trim()
}

function readCredential(path: string, field: string): Buffer {
  try {
    return readFileSync(path)
  } catch (thrown) {
    throw new Fault('kube/kubeconfig-missing', `"${field}" of the kubeconfig cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    })
  }
}

function text(from: NamedPart, field: string): string | undefined {
  const value = from.fields[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function invalid(why: string, mend?: string): Fault {
  return new Fault(
    'kube/kubeconfig-invalid',
    `the kubeconfig cannot be used: ${why}`,
    mend === undefined ? {} : { mend },
  )
}
