import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { readYaml } from '#kube/yaml-document.ts'

type Json = Readonly<Record<string, unknown>>

/** A named part of a kubeconfig; relative paths in it count from the directory of its file. */
export interface NamedPart {
  readonly fields: Json
  readonly directory: string
}

/** Several kubeconfig files taken together: of parts with the same name, and of current contexts, the first one counts, as for kubectl. */
export interface MergedKubeconfig {
  readonly currentContext: string | undefined
  readonly clusters: ReadonlyMap<string, NamedPart>
  readonly contexts: ReadonlyMap<string, NamedPart>
  readonly users: ReadonlyMap<string, NamedPart>
}

/** One kubeconfig as a text, and the directory that relative paths in it count from. */
export interface KubeconfigText {
  readonly text: string
  readonly directory: string
  /** How messages call it. */
  readonly name: string
}

/**
 * Reads the files that exist; `KUBECONFIG` may name some that do not. Throws a Fault `kube/kubeconfig-missing` when none does, or one of them
 * cannot be read.
 */
export function readKubeconfigFiles(paths: readonly string[]): readonly KubeconfigText[] {
  const texts = paths.flatMap((path) => {
    try {
      return [{ text: readFileSync(path, 'utf8'), directory: dirname(resolve(path)), name: path }]
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw new Fault('kube/kubeconfig-missing', `the kubeconfig cannot be read: ${messageOf(thrown)}`, {
        cause: thrown,
      })
    }
  })
  if (texts.length > 0) return texts
  throw new Fault('kube/kubeconfig-missing', `there is no kubeconfig at ${paths.map((path) => `"${path}"`).join(', ')}`)
}

/** Throws a Fault `kube/kubeconfig-invalid` for what is no kubeconfig. */
export function mergeKubeconfigs(texts: readonly KubeconfigText[]): MergedKubeconfig {
  const clusters = new Map<string, NamedPart>()
  const contexts = new Map<string, NamedPart>()
  const users = new Map<string, NamedPart>()
  let currentContext: string | undefined
  for (const source of texts) {
    const config = parse(source)
    collect(config.clusters, 'cluster', source, clusters)
    collect(config.contexts, 'context', source, contexts)
    collect(config.users, 'user', source, users)
    const current = config['current-context']
    if (currentContext === undefined && typeof current === 'string' && current !== '') currentContext = current
  }
  return { currentContext, clusters, contexts, users }
}

function parse({ text, name }: KubeconfigText): Json {
  const read = readYaml(text)
  const fault = read.kind === 'refused' ? read.fault : read.documents.flatMap((document) => document.faults)[0]
  if (fault !== undefined) throw invalid(name, `line ${fault.line}: ${fault.text}`)
  const value = read.kind === 'refused' ? undefined : read.documents[0]?.value
  if (value === undefined || value === null) return {}
  if (!isMap(value)) throw invalid(name, 'it is no map')
  if (value.kind !== undefined && value.kind !== 'Config')
    throw invalid(name, `its kind is ${JSON.stringify(value.kind)}`)
  return value
}

function collect(list: unknown, field: string, source: KubeconfigText, into: Map<string, NamedPart>): void {
  if (list === undefined || list === null) return
  if (!Array.isArray(list)) throw invalid(source.name, `${field}s is no list`)
  for (const entry of list as readonly unknown[]) {
    if (!isMap(entry) || typeof entry.name !== 'string') throw invalid(source.name, `a ${field} has no name`)
    const fields = entry[field] ?? {}
    if (!isMap(fields)) throw invalid(source.name, `${field} ${JSON.stringify(entry.name)} is no map`)
    if (!into.has(entry.name)) into.set(entry.name, { fields, directory: source.directory })
  }
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(name: string, why: string): Fault {
  return new Fault('kube/kubeconfig-invalid', `"${name}" is no kubeconfig: ${why}`)
}
