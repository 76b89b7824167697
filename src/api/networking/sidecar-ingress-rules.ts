import { faultOfUnixAddress, isIpAddress, UNIX_PREFIX } from '#api/rules/address.ts'
import { faultOfPort, faultOfPortName, faultOfProtocol, isTlsClass } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import { checkConnectionPool } from './connection-pool.ts'
import type { ServerTls } from './server-tls.ts'
import { checkServerTls } from './server-tls-rules.ts'
import type { IngressListener } from './sidecar.ts'

/** Istio's rules about what a sidecar listens for (spec 1.6). */
export function checkIngress(ingress: readonly IngressListener[], report: Report): void {
  const numbers = new Set<number>()
  for (const [index, listener] of ingress.entries()) {
    const at = ['spec', 'ingress', index]
    const { port, bind, tls, connectionPool } = listener
    if (bind !== '' && !isIpAddress(bind)) report.fault([...at, 'bind'], `${bind} is not a valid IP`)
    report.fault([...at, 'defaultEndpoint'], faultOfDefaultEndpoint(listener.defaultEndpoint))
    if (connectionPool !== undefined) checkConnectionPool(connectionPool, [...at, 'connectionPool'], report)
    if (port === undefined) {
      report.fault([...at, 'port'], 'sidecar: port is required for ingress listeners')
      continue
    }
    report.fault([...at, 'port', 'number'], faultOfPort(port.number))
    report.fault([...at, 'port', 'protocol'], faultOfProtocol(port.protocol))
    report.fault([...at, 'port', 'name'], port.name === '' ? undefined : faultOfPortName(port.name))
    if (numbers.has(port.number)) {
      report.fault([...at, 'port', 'number'], 'sidecar: ports on IP bound listeners must be unique')
    }
    numbers.add(port.number)
    if (tls !== undefined) checkIngressTls(tls, port.protocol, [...at, 'tls'], report)
  }
}

const LOCAL_ENDPOINT = /^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\[::\])?:(\d{1,5})$/

function faultOfDefaultEndpoint(endpoint: string): string | undefined {
  if (endpoint === '') return undefined
  if (endpoint.startsWith(UNIX_PREFIX)) return faultOfUnixAddress(endpoint.slice(UNIX_PREFIX.length))
  const local = LOCAL_ENDPOINT.exec(endpoint)
  if (local !== null) return faultOfPort(Number(local[1]))
  return 'sidecar: defaultEndpoint must be of form 127.0.0.1:<port>, 0.0.0.0:<port>, [::1]:<port>, [::]:<port>, :<port>, unix://filepath or unset'
}

/** What a sidecar takes from Secrets of gateways, it has no way to fetch. */
const GATEWAY_ONLY = [
  'subjectAltNames',
  'credentialName',
  'credentialNames',
  'tlsCertificates',
] as const satisfies readonly (keyof ServerTls)[]

function checkIngressTls(tls: ServerTls, protocol: string, path: FieldPath, report: Report): void {
  for (const field of GATEWAY_ONLY) {
    if (tls[field].length > 0) report.fault([...path, field], `sidecar: ${field} is not supported in ingress tls`)
  }
  if (tls.httpsRedirect) {
    report.fault([...path, 'httpsRedirect'], 'sidecar: httpsRedirect is not supported in ingress tls')
  }
  if (tls.mode === 'ISTIO_MUTUAL' || tls.mode === 'AUTO_PASSTHROUGH') {
    report.fault([...path, 'mode'], `configuration is invalid: cannot set mode to ${tls.mode} in sidecar ingress tls`)
  }
  if (!isTlsClass(protocol)) {
    report.fault(path, 'server cannot have TLS settings for non HTTPS/TLS ports')
  }
  checkServerTls(tls, path, report)
}
