import type { WorkloadEntrySpec } from '#api/service-entry.ts'
import type { KubeObject } from '#kube/object.ts'

/** spec of a WorkloadGroup after decoding, defaults applied (spec 1.2). */
export interface WorkloadGroupSpec {
  /** What the entries of the group get. */
  readonly metadata:
    | { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> }
    | undefined
  /** undefined: left out, which is an error */
  readonly template: WorkloadEntrySpec | undefined
  readonly probe: ReadinessProbe | undefined
}

export type WorkloadGroup = KubeObject<WorkloadGroupSpec>

/** 0 stands for Kubernetes' default. */
export interface ReadinessProbe {
  readonly initialDelaySeconds: number
  readonly timeoutSeconds: number
  readonly periodSeconds: number
  readonly successThreshold: number
  readonly failureThreshold: number
  readonly method: ProbeMethod | undefined
}

export type ProbeMethod =
  | {
      readonly kind: 'http'
      readonly path: string
      readonly port: number
      readonly host: string
      readonly scheme: string
      readonly headers: readonly { readonly name: string; readonly value: string }[]
    }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** Istio refuses it. */
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string }
