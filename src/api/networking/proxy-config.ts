import { istioKind } from '#api/istio-kind.ts'
import { checkSelector } from '#api/rules/label-map.ts'
import { described, int32, mapOf, message, optional, string } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { KubeObject } from '#kube/object.ts'

/** spec of a ProxyConfig after decoding (spec 1.11). */
export interface ProxyConfigSpec {
  /** Workloads it is for; undefined: all of the namespace. */
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } | undefined
  /** Worker threads; undefined: what the processors allow, 0: as many as there are. */
  readonly concurrency: number | undefined
  readonly environmentVariables: Readonly<Record<string, string>>
  readonly image: { readonly imageType: string } | undefined
}

const decodeProxyConfigSpec = message<ProxyConfigSpec>({
  selector: described(
    'Workloads that this is for; all of the namespace when absent.',
    optional(message({ matchLabels: described('Labels of the workloads.', mapOf(string(), 4096)) })),
  ),
  concurrency: described('Worker threads of the proxy; 0 is one for each processor.', optional(int32)),
  environmentVariables: described('Environment of the proxy.', mapOf(string())),
  image: described(
    'Image of the proxy.',
    optional(message({ imageType: described('Kind of image: default, debug or distroless.', string()) })),
  ),
})

function checkProxyConfig({ spec }: KubeObject<ProxyConfigSpec>, report: Report): void {
  const { selector, concurrency } = spec
  if (selector !== undefined) {
    checkSelector(selector.matchLabels, 'proxy config', ['spec', 'selector', 'matchLabels'], report)
  }
  if (concurrency !== undefined && concurrency < 0) {
    report.fault(['spec', 'concurrency'], 'concurrency must be greater than or equal to 0')
  }
}

export const PROXY_CONFIG = istioKind({
  group: 'networking.istio.io',
  kind: 'ProxyConfig',
  plural: 'proxyconfigs',
  versions: ['v1beta1'],
  description: 'Settings of the proxies themselves.',
  decodeSpec: decodeProxyConfigSpec,
  checkRules: checkProxyConfig,
})
