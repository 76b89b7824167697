import { durationMs } from '#api/duration.ts'
import {
  boolean,
  described,
  double,
  list,
  mapOf,
  message,
  oneOf,
  oneofCase,
  optional,
  shaped,
  string,
} from '#api/schema/decode.ts'
import { SELECTION_FIELDS, type WorkloadSelection } from '#api/workload-selection.ts'
import type { KubeObject } from '#kube/object.ts'

/** Which side of a call tells of it. */
export type WorkloadMode = 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER'

interface Provider {
  /** One of meshConfig.extensionProviders. */
  readonly name: string
}

/** Who is told of calls, and of which (spec 1.10). */
export interface AccessLogging {
  readonly match: { readonly mode: WorkloadMode } | undefined
  readonly providers: readonly Provider[]
  readonly disabled: boolean | undefined
  /** An expression of CEL that a call must fulfil. */
  readonly filter: { readonly expression: string } | undefined
}

export interface TagOverride {
  readonly operation: 'UPSERT' | 'REMOVE'
  readonly value: string
}

/** Changes of one metric, or of all. */
export interface MetricOverride {
  readonly match:
    | { readonly mode: WorkloadMode; readonly metric: string; readonly customMetric: string | undefined }
    | undefined
  readonly disabled: boolean | undefined
  readonly tagOverrides: Readonly<Record<string, TagOverride>>
}

export interface Metrics {
  readonly providers: readonly Provider[]
  readonly overrides: readonly MetricOverride[]
  readonly reportingInterval: number | undefined
}

export interface Tracing {
  readonly match: { readonly mode: WorkloadMode } | undefined
  readonly providers: readonly Provider[]
  /** 0 to 100 */
  readonly randomSamplingPercentage: number | undefined
  readonly disableSpanReporting: boolean | undefined
  readonly customTags: Readonly<Record<string, CustomTag>>
  readonly useRequestIdForTraceSampling: boolean | undefined
  readonly enableIstioTags: boolean | undefined
}

/** A tag of spans: a text, a variable of the proxy's environment, a request header or a format. */
export interface CustomTag {
  readonly kind: 'literal' | 'environment' | 'header' | 'formatter' | undefined
  /** The text, or the name of the variable or header. */
  readonly value: string
}

/** spec of a Telemetry, decoded (spec 1.10). */
export interface TelemetrySpec extends WorkloadSelection {
  readonly accessLogging: readonly AccessLogging[]
  readonly metrics: readonly Metrics[]
  readonly tracing: readonly Tracing[]
}

export type Telemetry = KubeObject<TelemetrySpec>

const mode = described(
  'Calls that the workload makes, those that it takes, or both.',
  oneOf(['CLIENT_AND_SERVER', 'CLIENT', 'SERVER']),
)
const match = described('Of which calls.', optional(message({ mode })))
const providers = described(
  'Who is told, by names in extensionProviders; what the mesh says unless given.',
  list(message<Provider>({ name: described('Name of the provider.', string()) })),
)

const METRICS = [
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
] as const

const metricMatch = shaped(
  message({
    mode,
    metric: described('One of the standard metrics.', optional(oneOf(METRICS))),
    customMetric: described('Any other metric, by its name.', optional(string())),
  }),
  (raw, path, report) => {
    oneofCase(raw, 'metric_match', ['metric', 'customMetric'], path, report)
    return { ...raw, metric: raw.metric ?? METRICS[0] }
  },
)

const overrides = list(
  message<MetricOverride>({
    match: described('Which metrics; all of them unless given.', optional(metricMatch)),
    disabled: described('Whether they are not told.', optional(boolean)),
    tagOverrides: described(
      'Changes of their tags.',
      mapOf(
        message<TagOverride>({
          operation: described('UPSERT sets the tag, REMOVE takes it away.', oneOf(['UPSERT', 'REMOVE'])),
          value: described('What the tag is set to: an expression.', string()),
        }),
      ),
    ),
  }),
)

interface WrittenTag {
  readonly literal: { readonly value: string } | undefined
  readonly environment: { readonly name: string; readonly defaultValue: string } | undefined
  readonly header: { readonly name: string; readonly defaultValue: string } | undefined
  readonly formatter: { readonly value: string } | undefined
}

const named = message({
  name: described('Its name.', string()),
  defaultValue: described('The tag where it is missing.', string()),
})
const valued = message({ value: described('The text.', string()) })

const customTag = shaped(
  message<WrittenTag>({
    literal: described('A text.', optional(valued)),
    environment: described("A variable of the proxy's environment.", optional(named)),
    header: described('A header of the request.', optional(named)),
    formatter: described('A format of the access log.', optional(valued)),
  }),
  (raw, path, report): CustomTag => {
    const kind = oneofCase(raw, 'type', ['literal', 'environment', 'header', 'formatter'], path, report)
    const { literal, environment, header, formatter } = raw
    return { kind, value: (literal ?? formatter)?.value ?? (environment ?? header)?.name ?? '' }
  },
)

export const decodeTelemetrySpec = message<TelemetrySpec>({
  ...SELECTION_FIELDS,
  accessLogging: described(
    'Who is told of calls.',
    list(
      message<AccessLogging>({
        match,
        providers,
        disabled: described('Whether nobody is told.', optional(boolean)),
        filter: described(
          'Of which calls they are told; of all unless given.',
          optional(message({ expression: described('An expression of CEL that must be true.', string()) })),
        ),
      }),
    ),
  ),
  metrics: described(
    'What is counted.',
    list(
      message<Metrics>({
        providers,
        overrides: described('Changes, the last of which counts.', overrides),
        reportingInterval: described('How often numbers of TCP connections are told.', durationMs),
      }),
    ),
  ),
  tracing: described(
    'Which calls are traced.',
    list(
      message<Tracing>({
        match,
        providers,
        randomSamplingPercentage: described('How many of a hundred calls are traced.', optional(double)),
        disableSpanReporting: described('Whether spans are passed on but not told.', optional(boolean)),
        customTags: described('Tags of the spans.', mapOf(customTag)),
        useRequestIdForTraceSampling: described('Whether the request id decides.', optional(boolean)),
        enableIstioTags: described('Whether spans carry the tags of the mesh.', optional(boolean)),
      }),
    ),
  ),
})
