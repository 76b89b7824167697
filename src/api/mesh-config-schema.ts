import type { FieldPath } from '#kube/field-path.ts'
import { duration } from './duration.ts'
import { DEFAULT_MESH_CONFIG, type MeshConfig } from './mesh-config.ts'
import { decodeLocalityLoadBalancer } from './networking/load-balancer-schema.ts'
import { checkLocalityLoadBalancer } from './networking/locality-rules.ts'
import { faultOfFqdn, faultOfWildcardDomain, isDnsLabel } from './rules/domain-name.ts'
import { isVisibility } from './rules/export-to.ts'
import { faultOfPort } from './rules/port.ts'
import { anything, type Decode, decoder, int32, isRecord, list, message, oneOf, string } from './schema/decode.ts'
import type { Report } from './schema/report.ts'

const HOUR_MS = 3_600_000

/** Fields of Istio's MeshConfig that Postern knows and reads no value of: each is a warning, never a silent no-op. */
const UNAPPLIED_FIELDS = [
  'proxyInboundListenPort',
  'proxyHttpPort',
  'tcpKeepalive',
  'ingressClass',
  'ingressService',
  'ingressControllerMode',
  'ingressSelector',
  'enableTracing',
  'enableEnvoyAccessLogService',
  'disableEnvoyListenerLog',
  'defaultConfig',
  'inboundTrafficPolicy',
  'configSources',
  'enableAutoMtls',
  'trustDomainAliases',
  'caCertificates',
  'defaultVirtualServiceExportTo',
  'defaultDestinationRuleExportTo',
  'h2UpgradePolicy',
  'outboundClusterStatName',
  'inboundClusterStatName',
  'certificates',
  'thriftConfig',
  'enablePrometheusMerge',
  'verifyCertificateAtClient',
  'ca',
  'extensionProviders',
  'defaultProviders',
  'discoverySelectors',
  'pathNormalization',
  'defaultHttpRetryPolicy',
  'tlsDefaults',
  'serviceScopeConfigs',
  'sdsUdsPath',
  'mixerCheckServer',
  'mixerReportServer',
  'authPolicy',
  'rdsRefreshDelay',
] as const

const unapplied: Decode<undefined> = decoder({}, (value, path, report) => {
  if (value !== undefined && value !== null)
    report.warn(path, `field ${String(path.at(-1))} of meshConfig is not applied by postern run yet`)
  return undefined
})

/** Of these Istio's rules count, though they have no effect yet. */
function unappliedButChecked<T>(
  decode: Decode<T>,
  check: (value: T, path: FieldPath, report: Report) => void,
): Decode<undefined> {
  return decoder(decode.schema, (value, path, report) => {
    if (value !== undefined && value !== null) check(decode(value, path, report), path, report)
    return unapplied(value, path, report)
  })
}

const CHECKED_FIELDS = {
  proxyListenPort: unappliedButChecked(int32, (port, path, report) => report.fault(path, faultOfPort(port))),
  localityLbSetting: unappliedButChecked(decodeLocalityLoadBalancer, (locality, path, report) =>
    checkLocalityLoadBalancer(locality, true, path, report),
  ),
  serviceSettings: unappliedButChecked(
    list(message({ settings: anything, hosts: list(string()) })),
    (settings, path, report) => {
      for (const [index, { hosts }] of settings.entries()) {
        for (const [at, host] of hosts.entries())
          report.fault([...path, index, 'hosts', at], faultOfWildcardDomain(host))
      }
    },
  ),
  meshMTLS: unappliedButChecked(
    message({ minProtocolVersion: anything, cipherSuites: list(string()), ecdhCurves: list(string()) }),
    ({ ecdhCurves }, path, report) => {
      if (ecdhCurves.length > 0)
        report.fault([...path, 'ecdhCurves'], 'mesh TLS does not support ECDH curves configuration')
    },
  ),
}

const decodeFields = message({
  ...CHECKED_FIELDS,
  ...(Object.fromEntries(UNAPPLIED_FIELDS.map((name) => [name, unapplied])) as Record<
    (typeof UNAPPLIED_FIELDS)[number],
    Decode<undefined>
  >),
  outboundTrafficPolicy: message({
    mode: oneOf(['REGISTRY_ONLY', 'ALLOW_ANY', 'ALLOW_ANY_DYNAMIC_DNS']),
    tls: unapplied,
  }),
  accessLogFile: string(),
  accessLogFormat: string(),
  accessLogEncoding: oneOf(['TEXT', 'JSON']),
  connectTimeout: duration(DEFAULT_MESH_CONFIG.connectTimeoutMs, { minMs: 1, maxMs: HOUR_MS }),
  protocolDetectionTimeout: duration(DEFAULT_MESH_CONFIG.protocolDetectionTimeoutMs, { minMs: 1, zeroAllowed: true }),
  dnsRefreshRate: duration(DEFAULT_MESH_CONFIG.dnsRefreshRateMs, { minMs: 1 }),
  defaultServiceExportTo: list(string()),
  rootNamespace: string(),
  trustDomain: string(),
})

/** Decodes a MeshConfig (spec 1.11): unknown fields are errors, known ones that Postern does not apply are warnings. */
export const decodeMeshConfig: Decode<MeshConfig> = decoder(decodeFields.schema, (value, path, report) => {
  const fields = decodeFields(value, path, report)
  const { mode } = fields.outboundTrafficPolicy
  if (mode === 'ALLOW_ANY_DYNAMIC_DNS') {
    const text = 'mode ALLOW_ANY_DYNAMIC_DNS is not applied by postern run yet: REGISTRY_ONLY stands in for it'
    report.warn([...path, 'outboundTrafficPolicy', 'mode'], text)
  }
  checkNames(fields, path, report)
  if (fields.accessLogEncoding === 'JSON' && fields.accessLogFormat !== '' && !isJsonObject(fields.accessLogFormat)) {
    report.warn(
      [...path, 'accessLogFormat'],
      'not a JSON object, as encoding JSON needs: the default fields are logged',
    )
  }
  return {
    outboundTrafficPolicy: { mode: mode === 'ALLOW_ANY' ? 'ALLOW_ANY' : 'REGISTRY_ONLY' },
    accessLogFile: fields.accessLogFile,
    accessLogFormat: fields.accessLogFormat,
    accessLogEncoding: fields.accessLogEncoding,
    connectTimeoutMs: fields.connectTimeout,
    protocolDetectionTimeoutMs: fields.protocolDetectionTimeout,
    dnsRefreshRateMs: fields.dnsRefreshRate,
    defaultServiceExportTo:
      fields.defaultServiceExportTo.length > 0
        ? fields.defaultServiceExportTo
        : DEFAULT_MESH_CONFIG.defaultServiceExportTo,
    rootNamespace: fields.rootNamespace || DEFAULT_MESH_CONFIG.rootNamespace,
    trustDomain: fields.trustDomain || DEFAULT_MESH_CONFIG.trustDomain,
  }
})

function checkNames(
  fields: {
    readonly defaultServiceExportTo: readonly string[]
    readonly rootNamespace: string
    readonly trustDomain: string
  },
  path: FieldPath,
  report: Report,
): void {
  for (const [index, entry] of fields.defaultServiceExportTo.entries()) {
    if (isVisibility(entry)) continue
    report.error(
      [...path, 'defaultServiceExportTo', index],
      `only .,*, or a valid DNS 1123 label is allowed as exportTo entry: ${JSON.stringify(entry)}`,
    )
  }
  if (fields.rootNamespace !== '' && !isDnsLabel(fields.rootNamespace)) {
    report.error(
      [...path, 'rootNamespace'],
      `Invalid value: ${JSON.stringify(fields.rootNamespace)}: must be the name of a namespace`,
    )
  }
  const fault = fields.trustDomain === '' ? undefined : faultOfFqdn(fields.trustDomain)
  if (fault !== undefined) report.error([...path, 'trustDomain'], fault)
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text))
  } catch {
    return false
  }
}
