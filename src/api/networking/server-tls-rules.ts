import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { ServerTls } from './server-tls.ts'

/** Istio's rules about the TLS of a gateway's server or a sidecar's listener (spec 1.5). */
export function checkServerTls(tls: ServerTls, path: FieldPath, report: Report): void {
  checkVersionsAndCiphers(tls, path, report)
  if (report.isBroken([...path, 'mode'])) return
  switch (tls.mode) {
    case 'ISTIO_MUTUAL':
      for (const field of certificateFieldsOf(tls)) {
        report.fault([...path, field], `ISTIO_MUTUAL TLS cannot have associated ${field}`)
      }
      break
    case 'PASSTHROUGH':
    case 'AUTO_PASSTHROUGH':
      for (const field of certificateFieldsOf(tls)) {
        report.fault([...path, field], `${tls.mode} mode does not use certificates, and ignores ${field}`, 'warning')
      }
      break
    case 'SIMPLE':
    case 'MUTUAL':
    case 'OPTIONAL_MUTUAL':
      checkCertificates(tls, path, report)
  }
}

const CERTIFICATE_FIELDS = [
  'serverCertificate',
  'privateKey',
  'caCertificates',
  'caCrl',
  'credentialName',
  'credentialNames',
  'caCertCredentialName',
  'tlsCertificates',
] as const

/** Fields that say which certificates to use, as far as they are set. */
export function certificateFieldsOf(tls: ServerTls): readonly (typeof CERTIFICATE_FIELDS)[number][] {
  return CERTIFICATE_FIELDS.filter((field) => tls[field].length > 0)
}

function checkCertificates(tls: ServerTls, path: FieldPath, report: Report): void {
  const isMutual = tls.mode !== 'SIMPLE'
  const hasFiles = tls.serverCertificate !== '' || tls.privateKey !== ''
  const hasCredential = tls.credentialName !== '' || tls.credentialNames.length > 0
  const sources = [tls.credentialName !== '', tls.credentialNames.length > 0, hasFiles, tls.tlsCertificates.length > 0]
  if (sources.filter((isSet) => isSet).length > 1) {
    const text =
      'only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified'
    report.fault(path, text)
  }
  if (tls.caCrl !== '' && (hasCredential || !isMutual)) {
    report.fault([...path, 'caCrl'], `CRL is not supported with ${isMutual ? 'credential_name' : 'SIMPLE TLS'}`)
  }
  if (hasCredential) return
  checkFiles(tls, isMutual ? 'MUTUAL' : 'SIMPLE', path, report)
}

/** Without a Secret, the files have to be named: one pair, or one for each kind of key. */
function checkFiles(tls: ServerTls, mode: 'SIMPLE' | 'MUTUAL', path: FieldPath, report: Report): void {
  const pairs =
    tls.tlsCertificates.length === 0
      ? [{ pair: tls, at: path }]
      : tls.tlsCertificates.map((pair, index) => ({ pair, at: [...path, 'tlsCertificates', index] }))
  for (const { pair, at } of pairs) {
    if (pair.serverCertificate === '') report.fault(at, `${mode} TLS requires a server certificate`)
    if (pair.privateKey === '') report.fault(at, `${mode} TLS requires a private key`)
  }
  if (mode === 'SIMPLE') return
  const hasAuthorities =
    tls.caCertificates !== '' ||
    tls.caCertCredentialName !== '' ||
    pairs.every(({ pair }) => pair.caCertificates !== '')
  if (!hasAuthorities) report.fault(path, 'MUTUAL TLS requires a client CA bundle')
}

/** Names in OpenSSL's spelling that Envoy's TLS knows. */
const CIPHER_SUITES: ReadonlySet<string> = new Set([
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
  'DES-CBC3-SHA',
])

function checkVersionsAndCiphers(tls: ServerTls, path: FieldPath, report: Report): void {
  const isOld = tls.minProtocolVersion === 'TLSV1_0' || tls.minProtocolVersion === 'TLSV1_1'
  if (isOld && tls.cipherSuites.length === 0) {
    const text =
      'TLS version below TLSV1_2 require setting compatible ciphers as by default they no longer include compatible ciphers'
    report.fault([...path, 'minProtocolVersion'], text, 'warning')
  }
  const seen = new Set<string>()
  for (const [index, suite] of tls.cipherSuites.entries()) {
    const at = [...path, 'cipherSuites', index]
    if (!CIPHER_SUITES.has(suite))
      report.fault(at, `ignoring invalid cipher suite: ${JSON.stringify(suite)}`, 'warning')
    else if (seen.has(suite)) report.fault(at, `ignoring duplicate cipher suite: ${JSON.stringify(suite)}`, 'warning')
    seen.add(suite)
  }
}
