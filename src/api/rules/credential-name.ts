import { isDnsLabel } from './domain-name.ts'

const PREFIX = 'configmap://'

/** A credentialName of an object in `namespace`: a Secret by its name, or `configmap://[NAMESPACE/]NAME` (spec 1.4, validation 7). */
export function faultOfCredentialName(name: string, namespace: string): string | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  const parts = name.slice(PREFIX.length).split('/')
  const [owner, resource] = parts.length === 1 ? [namespace, parts[0]!] : [parts[0]!, parts[1]!]
  if (parts.length > 2 || !isDnsLabel(owner) || resource === '') {
    return `invalid credentialName ${JSON.stringify(name)}: a config map is named configmap://<namespace>/<name>`
  }
  if (owner === namespace) return undefined
  return `invalid credentialName ${JSON.stringify(name)}: the config map must be in namespace ${namespace}, that of this object`
}
