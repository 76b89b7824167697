import { isMap, textAt } from './json.ts'
import { fullHost, hostsMatch } from './names.ts'
import { type AnalysisService, isVisibleFrom, servicesOf } from './services.ts'
import type { AnalysisInput, AnalysisOptions, Subject } from './subject.ts'
import { type AnalysisWorkload, workloadOf } from './workloads.ts'

/** Kinds of groups that are not Istio's, Kubernetes' own, or Istio's of old share names with these: they are other kinds. */
const FOREIGN_GROUPS = new Set(['gateway.networking.k8s.io', 'networking.k8s.io'])

const CLUSTER_SCOPED = new Set([
  'Namespace',
  'Node',
  'MeshConfig',
  'CustomResourceDefinition',
  'ClusterRole',
  'PersistentVolume',
])

/** All objects under analysis, and what is looked up in them. */
export class MeshObjects {
  readonly domain: string
  readonly rootNamespace: string
  readonly allocatesAddresses: boolean
  readonly unlisted: readonly string[]
  readonly subjects: readonly Subject[]
  readonly services: readonly AnalysisService[]
  readonly workloads: readonly AnalysisWorkload[]
  readonly #byKind: ReadonlyMap<string, readonly Subject[]>
  readonly #servicesByHost: ReadonlyMap<string, readonly AnalysisService[]>
  readonly #wildcardServices: readonly AnalysisService[]

  constructor(inputs: readonly AnalysisInput[], options: AnalysisOptions) {
    this.domain = options.domain ?? 'cluster.local'
    this.rootNamespace = options.rootNamespace ?? 'istio-system'
    this.allocatesAddresses = options.allocatesAddresses ?? true
    this.unlisted = options.unlisted ?? []
    this.subjects = inputs.map((input) => subjectOf(input, options.namespace ?? 'default'))
    this.#byKind = Map.groupBy(this.subjects, ({ kind, group }) =>
      FOREIGN_GROUPS.has(group) ? `${kind}.${group}` : kind,
    )
    this.services = this.subjects.flatMap((subject) => servicesOf(subject, this.domain))
    this.workloads = this.subjects.flatMap((subject) => workloadOf(subject) ?? [])
    this.#servicesByHost = Map.groupBy(this.services, ({ host }) => host)
    this.#wildcardServices = this.services.filter(({ host }) => host.startsWith('*'))
  }

  /** Objects of a kind of Istio or of Kubernetes' core, in the order in which they were given. */
  ofKind(kind: string): readonly Subject[] {
    return this.#byKind.get(kind) ?? []
  }

  named(kind: string, namespace: string, name: string): Subject | undefined {
    return this.ofKind(kind).find((subject) => subject.name === name && subject.namespace === namespace)
  }

  /** The full name of a host as an object writes it. */
  hostOf(host: string, { namespace }: Pick<Subject, 'namespace'>): string {
    return fullHost(host, namespace, this.domain)
  }

  /** The service that a full host means to a namespace: of that name, else the one with the longest wildcard that covers it. */
  service(host: string, namespace: string): AnalysisService | undefined {
    const exact = (this.#servicesByHost.get(host) ?? []).filter(({ exportTo }) => isVisibleFrom(exportTo, namespace))
    if (exact.length > 0) return exact.find((one) => one.namespace === namespace) ?? exact[0]
    return this.#wildcardServices
      .filter((one) => isVisibleFrom(one.exportTo, namespace) && hostsMatch(one.host, host))
      .sort((a, b) => b.host.length - a.host.length)[0]
  }

  /** Whether a host, which may be a wildcard, means some service that a namespace sees. */
  hasService(host: string, namespace: string): boolean {
    if (!host.startsWith('*')) return this.service(host, namespace) !== undefined
    return this.services.some((one) => isVisibleFrom(one.exportTo, namespace) && hostsMatch(one.host, host))
  }
}

function subjectOf(input: AnalysisInput, defaultNamespace: string): Subject {
  const { object } = input
  const apiVersion = textAt(object, 'apiVersion')
  const kind = textAt(object, 'kind')
  const slash = apiVersion.indexOf('/')
  return {
    kind,
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    namespace: CLUSTER_SCOPED.has(kind) ? '' : textAt(object, 'metadata', 'namespace') || defaultNamespace,
    name: textAt(object, 'metadata', 'name'),
    object,
    spec: isMap(object.spec) ? object.spec : {},
    input,
  }
}
