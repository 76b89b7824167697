/** What is wrong with a name: sentences in Kubernetes's words, none when it is good. */
export type NameFaults = readonly string[]

const LABEL_VALUE = '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'
const QUALIFIED_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DNS_SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`
const DNS_LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'

/** The name of most objects: an RFC 1123 subdomain of at most 253 characters. */
export function dnsSubdomainFaults(name: string): NameFaults {
  const rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
  return matchFaults(name, 253, DNS_SUBDOMAIN, rule, ['example.com'])
}

/** The name of a namespace: an RFC 1123 label of at most 63 characters. */
export function dnsLabelFaults(name: string): NameFaults {
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  return matchFaults(name, 63, DNS_LABEL, rule, ['my-name', '123-abc'])
}

/** The name of a Service: an RFC 1035 label of at most 63 characters. */
export function dns1035LabelFaults(name: string): NameFaults {
  const rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
  return matchFaults(name, 63, DNS_LABEL_1035, rule, ['my-name', 'abc-123'])
}

/** A label's or annotation's key, or a finalizer: a name with an optional DNS prefix and a slash. */
export function qualifiedNameFaults(key: string): NameFaults {
  const rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  const examples = ['MyName', 'my.name', '123-abc']
  const parts = key.split('/')
  if (parts.length > 2) {
    const optional = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    return [`a qualified name ${mismatch(rule, QUALIFIED_NAME, examples)} ${optional}`]
  }
  const name = parts.at(-1) as string
  const faults: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0] as string
    const wrong = prefix === '' ? ['must be non-empty'] : dnsSubdomainFaults(prefix)
    faults.push(...wrong.map((fault) => `prefix part ${fault}`))
  }
  if (name === '') faults.push('name part must be non-empty')
  faults.push(...matchFaults(name, 63, QUALIFIED_NAME, rule, examples).map((fault) => `name part ${fault}`))
  return faults
}

/** A label's value: empty, or at most 63 characters. */
export function labelValueFaults(value: string): NameFaults {
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
  return matchFaults(value, 63, LABEL_VALUE, rule, ['MyValue', 'my_value', '12345'])
}

const COMPILED = new Map(
  [LABEL_VALUE, QUALIFIED_NAME, DNS_LABEL, DNS_SUBDOMAIN, DNS_LABEL_1035].map((rule) => [
    rule,
    new RegExp(`^(?:${rule})$`),
  ]),
)

function matchFaults(
  text: string,
  maxLength: number,
  pattern: string,
  rule: string,
  examples: readonly string[],
): NameFaults {
  const faults: string[] = []
  if (text.length > maxLength) faults.push(`must be no more than ${maxLength} characters`)
  // Texts far above the limit are not matched: the expression would only cost time.
  if (text.length <= 4 * maxLength && !COMPILED.get(pattern)?.test(text)) faults.push(mismatch(rule, pattern, examples))
  return faults
}

/** The examples with the two blanks that Kubernetes writes between them. */
function mismatch(rule: string, pattern: string, examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ')
  return `${rule} (e.g. ${shown}regex used for validation is '${pattern}')`
}
