/** Rules about domain names (spec 1.0, scalar validators). Each returns what is wrong, or undefined. */

const LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/

/** A DNS label as Istio uses it: at most 63 letters (either case), digits and dashes, no dash at either end. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text)
}

/** A label that may be `*`, or begin with `*` or `*-`. */
function isWildcardDnsLabel(text: string): boolean {
  if (text.length > 63) return false
  return text === '*' || isDnsLabel(text.startsWith('*-') ? text.slice(2) : text.startsWith('*') ? text.slice(1) : text)
}

/** A domain name without wildcards; a single label is one, an IPv4 address is not. */
export function faultOfFqdn(name: string): string | undefined {
  return faultOfLength(name) ?? faultOfLabels(name, name)
}

/** A domain name whose first label may be a wildcard; `*` alone passes. */
export function faultOfWildcardDomain(name: string): string | undefined {
  const tooLong = faultOfLength(name)
  if (tooLong !== undefined) return tooLong
  const dot = name.indexOf('.')
  const first = dot < 0 ? name : name.slice(0, dot)
  if (!isWildcardDnsLabel(first))
    return `domain name ${JSON.stringify(name)} invalid (label ${JSON.stringify(first)} invalid)`
  return dot < 0 ? undefined : faultOfLabels(name.slice(dot + 1), name)
}

/** `*foo.com` is legal and rarely meant: a wildcard that is not a whole label. */
export function faultOfPartialWildcard(name: string): string | undefined {
  if (!name.includes('*') || name.length === 1 || name.startsWith('*.')) return undefined
  return `partial wildcard ${JSON.stringify(name)} not allowed`
}

function faultOfLength(name: string): string | undefined {
  if (name.length === 0) return 'empty domain name not allowed'
  if (name.length > 255) return `domain name ${JSON.stringify(`${name.slice(0, 40)}...`)} too long (max 255)`
  return undefined
}

function faultOfLabels(labels: string, name: string): string | undefined {
  const parts = labels.split('.')
  const top = parts.at(-1)!
  if (/^[-+]?\d+$/.test(top)) {
    return `domain name ${JSON.stringify(name)} invalid (top level domain ${JSON.stringify(top)} cannot be all-numeric)`
  }
  for (const [index, part] of parts.entries()) {
    const rootDot = part === '' && index === parts.length - 1
    if (!rootDot && !isDnsLabel(part))
      return `domain name ${JSON.stringify(name)} invalid (label ${JSON.stringify(part)} invalid)`
  }
  return undefined
}
