import { faultOfWildcardDomain, isDnsLabel } from '#api/rules/domain-name.ts'
import { faultOfPort } from '#api/rules/port.ts'
import { type Decode, described, message, optional, required, shaped, string, uint32 } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import type { FieldPath } from '#kube/field-path.ts'

/** A service that traffic is sent to (spec 1.3). */
export interface Destination {
  /** A name of the service registry; a short one is of the object's namespace (spec 4.1). */
  readonly host: string
  /** A subset that the host's DestinationRule defines; "" is the whole service. */
  readonly subset: string
  /** Undefined: the service's only port. */
  readonly port: number | undefined
}

/** `{number: N}`. */
export const decodePortSelector: Decode<number> = shaped(
  message({ number: described('Number of the port.', uint32) }),
  ({ number }) => number,
)

export const decodeDestination = message<Destination>({
  host: described(
    'Service of the registry, or host of a ServiceEntry; a short name belongs to the namespace of this object.',
    required(string()),
  ),
  subset: described('Subset of the service, as its DestinationRule names it.', string()),
  port: described('Port of the service; may be left out where it has only one.', optional(decodePortSelector)),
})

/** Spec 1.3, validation 16. */
export function checkDestination(destination: Destination, path: FieldPath, report: Report): void {
  const { host, subset, port } = destination
  report.fault([...path, 'host'], host === '*' ? 'invalid destination host *' : faultOfWildcardDomain(host))
  if (subset !== '' && !isDnsLabel(subset)) report.fault([...path, 'subset'], `subset name is invalid: ${subset}`)
  if (port !== undefined) report.fault([...path, 'port', 'number'], faultOfPort(port))
}
