/** How a server speaks TLS (spec 1.5). */
export interface ServerTls {
  /** Answers plain HTTP with a redirect to https. */
  readonly httpsRedirect: boolean
  readonly mode: ServerTlsMode
  /** Files of the proxy; "" is none. */
  readonly serverCertificate: string
  readonly privateKey: string
  readonly caCertificates: string
  readonly caCrl: string
  /** Secrets in place of the files. */
  readonly credentialName: string
  readonly credentialNames: readonly string[]
  readonly caCertCredentialName: string
  readonly tlsCertificates: readonly TlsCertificate[]
  readonly subjectAltNames: readonly string[]
  readonly verifyCertificateSpki: readonly string[]
  readonly verifyCertificateHash: readonly string[]
  readonly minProtocolVersion: TlsVersion
  readonly maxProtocolVersion: TlsVersion
  readonly cipherSuites: readonly string[]
  readonly insecureSkipVerify: boolean | undefined
}

/** Who ends TLS and who shows a certificate: the first, PASSTHROUGH, is the default. */
export type ServerTlsMode =
  | 'PASSTHROUGH'
  | 'SIMPLE'
  | 'MUTUAL'
  | 'AUTO_PASSTHROUGH'
  | 'ISTIO_MUTUAL'
  | 'OPTIONAL_MUTUAL'

/** TLS_AUTO is at least 1.2. */
export type TlsVersion = 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3'

export interface TlsCertificate {
  readonly serverCertificate: string
  readonly privateKey: string
  readonly caCertificates: string
}
