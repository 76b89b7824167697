import { faultOfUnixAddress, isIpAddress, UNIX_PREFIX } from '#api/rules/address.ts'
import { isDnsLabel } from '#api/rules/domain-name.ts'
import { checkGatewayHost } from '#api/rules/namespaced-host.ts'
import { faultOfPort, isHttpClass, isTlsClass, parseProtocol } from '#api/rules/port.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { Gateway, GatewayServer, ServerPort } from './gateway.ts'
import type { ServerTls } from './server-tls.ts'
import { certificateFieldsOf, checkServerTls } from './server-tls-rules.ts'

/** Istio's rules about a gateway (spec 1.5): every fault and warning there is. */
export function checkGateway(gateway: Gateway, report: Report): void {
  const { spec, metadata } = gateway
  if (!isDnsLabel(metadata.name)) {
    report.fault(['metadata', 'name'], `invalid gateway name: ${JSON.stringify(metadata.name)}`)
  }
  if (spec.servers.length === 0) report.fault(['spec', 'servers'], 'gateway must have at least one server')
  const names = new Set<string>()
  for (const [index, server] of spec.servers.entries()) {
    const at = ['spec', 'servers', index]
    checkServer(server, at, report)
    const name = server.port?.name ?? ''
    if (name === '') continue
    if (names.has(name)) {
      report.fault([...at, 'port', 'name'], `port names in servers must be unique: duplicate name ${name}`)
    }
    names.add(name)
  }
}

function checkServer(server: GatewayServer, path: FieldPath, report: Report): void {
  if (server.hosts.length === 0) report.fault([...path, 'hosts'], 'server config must contain at least one host')
  for (const [index, host] of server.hosts.entries()) checkGatewayHost(host, [...path, 'hosts', index], report)
  const isUnix = server.bind.startsWith(UNIX_PREFIX)
  if (isUnix) report.fault([...path, 'bind'], faultOfUnixAddress(server.bind.slice(UNIX_PREFIX.length)))
  else if (server.bind !== '' && !isIpAddress(server.bind)) {
    report.fault([...path, 'bind'], `${server.bind} is not a valid IP`)
  }
  if (server.port === undefined) {
    report.fault([...path, 'port'], 'port is required')
    return
  }
  checkPort(server.port, isUnix, [...path, 'port'], report)
  checkTls(server.port.protocol, server.tls, path, report)
}

function checkPort(port: ServerPort, isUnix: boolean, path: FieldPath, report: Report): void {
  if (parseProtocol(port.protocol) === undefined) {
    const text = `invalid protocol ${JSON.stringify(port.protocol)}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`
    report.fault([...path, 'protocol'], text)
  }
  if (!isUnix) report.fault([...path, 'number'], faultOfPort(port.number))
  else if (port.number !== 0) {
    report.fault([...path, 'number'], 'port number must be 0 when the server binds to a unix domain socket')
  }
  if (port.targetPort > 0)
    report.fault([...path, 'targetPort'], 'targetPort is deprecated and has no effect: remove it')
  if (port.name === '') report.fault([...path, 'name'], 'port name must be set')
}

function checkTls(protocol: string, tls: ServerTls | undefined, path: FieldPath, report: Report): void {
  if (tls === undefined) {
    if (isTlsClass(protocol)) report.fault(path, 'server must have TLS settings for HTTPS/TLS protocols')
    return
  }
  const at = [...path, 'tls']
  if (isTlsClass(protocol)) {
    checkServerTls(tls, at, report)
    if (tls.httpsRedirect) warnOfRedirect(at, report)
  } else if (isHttpClass(protocol)) {
    // Without certificates, all that is left of TLS is the redirect to https.
    const isRedirectOnly = tls.mode.endsWith('PASSTHROUGH') && certificateFieldsOf(tls).length === 0
    if (!isRedirectOnly) report.fault(at, 'server cannot have TLS settings for plain text HTTP ports')
  } else {
    report.fault(at, 'server cannot have TLS settings for non HTTPS/TLS ports')
    if (tls.httpsRedirect) warnOfRedirect(at, report)
  }
}

function warnOfRedirect(path: FieldPath, report: Report): void {
  report.fault([...path, 'httpsRedirect'], 'tls.httpsRedirect should only be used with http servers', 'warning')
}
