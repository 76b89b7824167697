import { create, type JsonObject } from '@bufbuild/protobuf'
import type { MeshConfig } from '#api/mesh-config.ts'
import {
  type AccessLog,
  AccessLogFilterSchema,
  AccessLogSchema,
} from '#xds/gen/envoy/config/accesslog/v3/accesslog_pb.js'
import { FileAccessLogSchema } from '#xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js'
import { pack, typedConfig } from './messages.ts'

/** Istio's default line (spec 5.1). */
export const DEFAULT_TEXT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n'

/** Istio's default JSON fields (spec 5.1). */
const DEFAULT_JSON_FORMAT: Readonly<Record<string, string>> = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  response_code: '%RESPONSE_CODE%',
  response_flags: '%RESPONSE_FLAGS%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
  user_agent: '%REQ(USER-AGENT)%',
  request_id: '%REQ(X-REQUEST-ID)%',
  authority: '%REQ(:AUTHORITY)%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
}

/** The access logs of one mesh: made once, shared by all filters that carry them. Both empty when the log is off. */
export interface AccessLogs {
  /** For HTTP connection managers and TCP proxies. */
  readonly always: readonly AccessLog[]
  /** For listeners: only connections that no filter chain matched (flag NR). */
  readonly unmatched: readonly AccessLog[]
}

export function accessLogsOf(config: MeshConfig): AccessLogs {
  if (config.accessLogFile === '') return { always: [], unmatched: [] }
  const name = 'envoy.access_loggers.file'
  const accessLogFormat = { case: 'logFormat', value: { format: formatOf(config) } } as const
  const configType = typedConfig(pack(FileAccessLogSchema, { path: config.accessLogFile, accessLogFormat }))
  const filter = create(AccessLogFilterSchema, {
    filterSpecifier: { case: 'responseFlagFilter', value: { flags: ['NR'] } },
  })
  return {
    always: [create(AccessLogSchema, { name, configType })],
    unmatched: [create(AccessLogSchema, { name, configType, filter })],
  }
}

function formatOf({ accessLogEncoding, accessLogFormat }: MeshConfig) {
  if (accessLogEncoding === 'JSON')
    return { case: 'jsonFormat', value: jsonFields(accessLogFormat) ?? { ...DEFAULT_JSON_FORMAT } } as const
  const line = accessLogFormat === '' ? DEFAULT_TEXT_FORMAT : accessLogFormat
  const inlineString = line.endsWith('\n') ? line : `${line}\n`
  return { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value: inlineString } } } as const
}

/** A custom JSON format is a JSON object; anything else means the default one (spec 5.1). */
function jsonFields(text: string): JsonObject | undefined {
  if (text === '') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}
