import type { KeyPair } from './key-pair.ts'

/** How kubectl reaches the API server, and as whom. */
export interface KubeconfigParts {
  /** e.g. https://127.0.0.1:6443 */
  readonly server: string
  /** PEM */
  readonly certificateAuthority: string
  readonly user: string
  readonly credentials:
    | { readonly kind: 'certificate'; readonly pair: KeyPair }
    | { readonly kind: 'token'; readonly token: string }
}

/** The text of a kubeconfig with everything inside: no file beside it is needed. It holds a secret: write it with mode 0600. */
export function writeKubeconfig(parts: KubeconfigParts): string {
  const { server, certificateAuthority, user, credentials } = parts
  const secret =
    credentials.kind === 'token'
      ? `    token: ${credentials.token}`
      : `    client-certificate-data: ${base64(credentials.pair.certificate)}
    client-key-data: ${base64(credentials.pair.key)}`
  return `apiVersion: v1
kind: Config
clusters:
- name: postern
  cluster:
    certificate-authority-data: ${base64(certificateAuthority)}
    server: ${server}
contexts:
- name: postern
  context:
    cluster: postern
    namespace: default
    user: ${JSON.stringify(user)}
current-context: postern
preferences: {}
users:
- name: ${JSON.stringify(user)}
  user:
${secret}
`
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
