import type { KubeObject, ObjectMeta } from '#kube/object.ts'
import { decodeObjectMeta } from './object-meta.ts'
import { type Decode, decoder, message, string } from './schema/decode.ts'
import type { Report } from './schema/report.ts'

interface Envelope<Spec> {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec: Spec
  readonly status: undefined
}

/** An authorization policy with this annotation is tried without being applied; nothing else can be (spec 1.0). */
export const DRY_RUN = 'istio.io/dry-run'

/** Decodes an object of a kind whose spec is required: apiVersion and kind as they are, metadata, spec; status is not read. Rules follow. */
export function decodeKubeObject<Spec>(
  value: Readonly<Record<string, unknown>>,
  decodeSpec: Decode<Spec>,
  report: Report,
): KubeObject<Spec> {
  const decode = message<Envelope<Spec>>({
    apiVersion: string(),
    kind: string(),
    metadata: decodeObjectMeta,
    spec: decodeSpec,
    status: decoder({}, () => undefined),
  })
  if (value.spec === undefined || value.spec === null) report.error(['spec'], 'Required value: the object has no spec')
  const { apiVersion, kind, metadata, spec } = decode(value, [], report)
  if (kind !== 'AuthorizationPolicy' && Object.hasOwn(metadata.annotations ?? {}, DRY_RUN)) {
    report.error(['metadata', 'annotations', DRY_RUN], `has unsupported annotation ${DRY_RUN}`)
  }
  report.beginRules()
  return { apiVersion, kind, metadata, spec }
}
