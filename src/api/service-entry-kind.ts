import { column, istioKind } from './istio-kind.ts'
import { AGE_COLUMN } from './printer-column.ts'
import { checkServiceEntry } from './service-entry-rules.ts'
import { decodeServiceEntrySpec } from './service-entry-schema.ts'

/** Spec 1.1. */
export const SERVICE_ENTRY = istioKind({
  group: 'networking.istio.io',
  kind: 'ServiceEntry',
  plural: 'serviceentries',
  shortNames: ['se'],
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  description: 'A service that the mesh does not know by itself: its names, ports, and where it is.',
  columns: [
    column('Hosts', '.spec.hosts', 'Names of the service.'),
    column('Location', '.spec.location', 'Whether the service is outside of the mesh or a part of it.'),
    column('Resolution', '.spec.resolution', 'How the addresses of the service are found.'),
    AGE_COLUMN,
  ],
  decodeSpec: decodeServiceEntrySpec,
  isSpecRequired: true,
  checkRules: checkServiceEntry,
})
