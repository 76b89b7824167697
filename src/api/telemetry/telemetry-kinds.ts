import { istioKind } from '#api/istio-kind.ts'
import type { KindDefinition } from '#api/kind.ts'
import { decodeTelemetrySpec } from './telemetry.ts'
import { checkTelemetry } from './telemetry-rules.ts'

/** Spec 1.10. */
const TELEMETRY = istioKind({
  group: 'telemetry.istio.io',
  kind: 'Telemetry',
  plural: 'telemetries',
  shortNames: ['telemetry'],
  versions: ['v1', 'v1alpha1'],
  description: 'What workloads tell of their calls, and whom.',
  decodeSpec: decodeTelemetrySpec,
  checkRules: checkTelemetry,
})

/** Kinds of telemetry.istio.io. */
export const TELEMETRY_KINDS: readonly KindDefinition[] = [TELEMETRY]
