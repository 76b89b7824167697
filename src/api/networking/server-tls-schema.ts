import { boolean, type Decode, described, list, message, oneOf, optional, string } from '#api/schema/decode.ts'
import type { ServerTls, TlsCertificate, TlsVersion } from './server-tls.ts'

/** Fields and defaults of a server's TLS (spec 1.5). */

function tlsVersion(): Decode<TlsVersion> {
  return oneOf(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])
}

const decodeTlsCertificate = message<TlsCertificate>({
  serverCertificate: described('File with the certificate.', string()),
  privateKey: described('File with its private key.', string()),
  caCertificates: described('File with the authorities that may vouch for clients.', string()),
})

export const decodeServerTls = message<ServerTls>({
  httpsRedirect: described('Whether plain HTTP is answered with a redirect to https.', boolean),
  mode: described(
    'Whether TLS ends here, and who shows a certificate.',
    oneOf(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL']),
  ),
  serverCertificate: described('File with the certificate of the server.', string()),
  privateKey: described('File with its private key.', string()),
  caCertificates: described('File with the authorities that may vouch for clients.', string()),
  caCrl: described('File with certificates that the authorities have revoked.', string()),
  credentialName: described('Secret that holds keys and certificates, in place of files.', string()),
  credentialNames: described('Secrets of two kinds of key, such as RSA and ECDSA.', list(string(), { maxItems: 2 })),
  caCertCredentialName: described('Secret with the authorities alone.', string()),
  tlsCertificates: described('Files of two kinds of key.', list(decodeTlsCertificate, { maxItems: 2 })),
  subjectAltNames: described("Names one of which a client's certificate must bear.", list(string())),
  verifyCertificateSpki: described("Hashes of the keys that clients' certificates may have.", list(string())),
  verifyCertificateHash: described('Hashes of the certificates that clients may have.', list(string())),
  minProtocolVersion: described('Oldest version of TLS; TLS_AUTO is 1.2.', tlsVersion()),
  maxProtocolVersion: described('Newest version of TLS.', tlsVersion()),
  cipherSuites: described('Cipher suites that may be used, up to TLS 1.2.', list(string())),
  insecureSkipVerify: described("Whether clients' certificates go unchecked.", optional(boolean)),
})
