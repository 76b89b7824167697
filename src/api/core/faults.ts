import type { JsonObject } from '#api/kind.ts'
import type { Report } from '#api/schema/report.ts'
import { textAt } from './object-fields.ts'

/** Faults in the words of the Kubernetes API, which its clients know. */

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/
const LABEL_1035 = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/

export function invalid(value: unknown, why: string): string {
  return `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`
}

export function duplicate(value: unknown): string {
  return `Duplicate value: ${JSON.stringify(value)}`
}

/** A lowercase RFC 1123 label; "" is a required value that is missing. */
export function faultOfLabel(name: string): string | undefined {
  if (name === '') return 'Required value'
  if (name.length > 63) return invalid(name, 'must be no more than 63 characters')
  if (LABEL.test(name)) return undefined
  return invalid(
    name,
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  )
}

/** The name of a Service: a label that starts with a letter. */
export function faultOfServiceName(name: string): string | undefined {
  if (name.length > 63) return invalid(name, 'must be no more than 63 characters')
  if (LABEL_1035.test(name)) return undefined
  return invalid(
    name,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  )
}

/** The name of a port that containers and Services refer to (RFC 6335). */
export function faultOfPortName(name: string): string | undefined {
  if (name.length > 15) return invalid(name, 'must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(name)) {
    return invalid(name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(name)) return invalid(name, 'must contain at least one letter (a-z)')
  if (name.includes('--')) return invalid(name, 'must not contain consecutive hyphens')
  if (name.startsWith('-') || name.endsWith('-')) return invalid(name, 'must not begin or end with a hyphen')
  return undefined
}

export function faultOfPortNumber(port: number | undefined): string | undefined {
  if (port === undefined) return 'Required value'
  return port >= 1 && port <= 65535 ? undefined : invalid(port, 'must be between 1 and 65535, inclusive')
}

export function faultOfChoice(value: string, choices: readonly string[]): string | undefined {
  if (choices.includes(value)) return undefined
  const supported = choices.map((choice) => JSON.stringify(choice)).join(', ')
  return `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`
}

/** A key of a ConfigMap or Secret. */
export function faultOfConfigKey(key: string): string | undefined {
  if (key.length > 253) return invalid(key, 'must be no more than 253 characters')
  if (key === '.' || key.startsWith('..')) return invalid(key, "must not be '.' or start with '..'")
  if (CONFIG_KEY.test(key)) return undefined
  return invalid(key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'")
}

/** metadata.name of kinds whose names are labels. A name that is absent is the server's to refuse. */
export function checkName(value: JsonObject, faultOfName: (name: string) => string | undefined, report: Report): void {
  const name = textAt(value, 'metadata', 'name')
  if (name !== '') report.fault(['metadata', 'name'], faultOfName(name))
}
