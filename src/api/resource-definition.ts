import type { Schema } from '#kube/schema.ts'
import type { KindDefinition } from './kind.ts'

/** A CustomResourceDefinition (apiextensions.k8s.io/v1) as somebody writes it: what the server adds is missing. */
export interface ResourceDefinition {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: { readonly names: object; readonly [field: string]: unknown }
}

/** What makes any Kubernetes API server hold objects of a kind that is not Kubernetes' own. */
export function resourceDefinitionOf(kind: KindDefinition): ResourceDefinition {
  const { group, plural, singular, shortNames, categories, scope, versions } = kind
  const names = { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, shortNames, categories }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, names, scope, versions: versions.map((version) => servedVersion(kind, version)) },
  }
}

function servedVersion(kind: KindDefinition, name: string): object {
  const columns = kind.columns.filter(({ value }) => typeof value === 'string')
  return {
    name,
    served: true,
    storage: name === kind.versions[0],
    schema: { openAPIV3Schema: definedSchema(kind) },
    ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
    additionalPrinterColumns: columns.map(({ value, priority, ...column }) => ({
      ...column,
      ...(priority === 0 ? {} : { priority }),
      jsonPath: value,
    })),
  }
}

/** A definition says nothing of apiVersion, kind and metadata: they are the same for every kind. */
function definedSchema({ schema, description }: KindDefinition): Schema {
  return { ...schema, description }
}
