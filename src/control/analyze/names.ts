import { isIP } from 'node:net'

/** The full name of a host as an object of `namespace` writes it (spec 4.1): a short name is a service of that namespace. */
export function fullHost(host: string, namespace: string, domain: string): string {
  if (host === '' || host.includes('.') || host.includes('*') || isIP(host) !== 0) return host.toLowerCase()
  return `${host}.${namespace}.svc.${domain}`.toLowerCase()
}

/** The gateway that a virtual service of `namespace` means: "mesh", or "NAMESPACE/NAME" (spec 4.1). */
export function fullGateway(gateway: string, namespace: string): string {
  if (gateway === 'mesh') return gateway
  const slash = gateway.indexOf('/')
  if (slash >= 0) {
    const [place, name] = [gateway.slice(0, slash), gateway.slice(slash + 1)]
    return `${place === '.' ? namespace : place}/${name}`
  }
  const [name = '', place, svc] = gateway.split('.')
  return place !== undefined && svc === 'svc' ? `${place}/${name}` : `${namespace}/${gateway}`
}

/** Whether two hosts, each possibly a wildcard, have a name in common (spec 1.0, host overlap). */
export function hostsMatch(a: string, b: string): boolean {
  const [wildA, wildB] = [a.startsWith('*'), b.startsWith('*')]
  if (wildA && wildB) return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1))
  if (wildA) return b.length >= a.length - 1 && b.endsWith(a.slice(1))
  if (wildB) return a.length >= b.length - 1 && a.endsWith(b.slice(1))
  return a === b
}

/** Whether every label of the selector is on the workload; an empty selector takes all. */
export function labelsMatch(
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

/** "app=ratings,version=v1", keys in order. */
export function selectorText(selector: Readonly<Record<string, string>>): string {
  return Object.entries(selector)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

/** "[a b]", as Istio's messages show lists. */
export function listText(values: readonly (string | number)[]): string {
  return `[${values.join(' ')}]`
}
