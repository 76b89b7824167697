import { faultOfCredentialName } from '#api/rules/credential-name.ts'
import { boolean, described, list, message, oneOf, optional, string } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** How a client speaks TLS to a service (spec 1.4): not at all, with the server's certificate, with both, or with the mesh's. */
export interface ClientTls {
  readonly mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'
  /** Files of the proxy; "" is none. */
  readonly clientCertificate: string
  readonly privateKey: string
  /** "": the system's authorities. */
  readonly caCertificates: string
  readonly caCrl: string
  /** A Secret, or `configmap://NAMESPACE/NAME`, in place of the files. */
  readonly credentialName: string
  readonly subjectAltNames: readonly string[]
  readonly sni: string
  readonly insecureSkipVerify: boolean | undefined
}

export const decodeClientTls = message<ClientTls>({
  mode: described(
    'Whether TLS is spoken, and who shows a certificate: nobody, the server, both, or both with those of the mesh.',
    oneOf(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']),
  ),
  clientCertificate: described('File with the certificate of the client, for MUTUAL.', string()),
  privateKey: described("File with the client's private key, for MUTUAL.", string()),
  caCertificates: described(
    'File with the authorities that may vouch for the server; those of the system when absent.',
    string(),
  ),
  credentialName: described('Secret that holds keys and authorities, in place of files.', string()),
  subjectAltNames: described("Names one of which the server's certificate must bear.", list(string())),
  sni: described('Server name sent in the handshake.', string()),
  insecureSkipVerify: described("Whether the server's certificate goes unchecked.", optional(boolean)),
  caCrl: described('File with certificates that the authorities have revoked.', string()),
})

const CLIENT_FILES = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const

/** Spec 1.4, validation 7; `namespace` is that of the rule. */
export function checkClientTls(tls: ClientTls, namespace: string, path: FieldPath, report: Report): void {
  if (report.isBroken([...path, 'mode'])) return
  report.fault([...path, 'credentialName'], faultOfCredentialName(tls.credentialName, namespace))
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL') return
  checkSkippedVerification(tls, path, report)
  if (tls.credentialName !== '') {
    if (CLIENT_FILES.some((file) => tls[file] !== '')) {
      const text = 'cannot specify client certificates or CA certificate or CA CRL If credentialName is set'
      report.fault([...path, 'credentialName'], text)
    }
  } else if (tls.mode === 'MUTUAL') {
    if (tls.clientCertificate === '') report.fault(path, 'client certificate required for mutual tls')
    if (tls.privateKey === '') report.fault(path, 'private key required for mutual tls')
  }
}

/** What says how to verify has no sense where verification is off. */
function checkSkippedVerification(tls: ClientTls, path: FieldPath, report: Report): void {
  if (tls.insecureSkipVerify !== true) return
  const at = [...path, 'insecureSkipVerify']
  if (tls.caCertificates !== '') report.fault(at, 'cannot specify caCertificates when insecureSkipVerify is set true')
  if (tls.subjectAltNames.length > 0) {
    report.fault(at, 'cannot specify subjectAltNames when insecureSkipVerify is set true')
  }
  if (tls.mode === 'SIMPLE' && tls.credentialName !== '') {
    report.fault(at, 'cannot specify credentialName when insecureSkipVerify is set true')
  }
}
