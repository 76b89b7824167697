import { compileFormat, ENVOY_DEFAULT_TEXT } from '#proxy/access-log/formatter.ts'
import type { AccessLog, AccessLogFilter } from '#xds/gen/envoy/config/accesslog/v3/accesslog_pb.js'
import type { SubstitutionFormatString } from '#xds/gen/envoy/config/core/v3/substitution_format_string_pb.js'
import { type FileAccessLog, FileAccessLogSchema } from '#xds/gen/envoy/extensions/access_loggers/file/v3/file_pb.js'
import { typeNameOf } from './extensions.ts'
import type { AccessLogConfig } from './model.ts'
import type { Place } from './place.ts'

/** File logs; other sinks are noted and left out: a missing log line admits nothing. */
export function decodeAccessLogs(logs: readonly AccessLog[], place: Place): AccessLogConfig[] {
  return logs.flatMap((log, index) => {
    const at = place.at(`access_log[${index}]`)
    const any = log.configType.case === 'typedConfig' ? log.configType.value : undefined
    if (any === undefined || typeNameOf({ typedConfig: any }) !== FileAccessLogSchema.typeName) {
      at.note(`access logger "${log.name}" has no effect`)
      return []
    }
    const file = at.unpack(FileAccessLogSchema, any)
    if (file === undefined) return []
    if (file.path === '') at.at('path').error('is empty')
    const format = decodeFormat(file, at)
    checkFormat(format, at.at('log_format'))
    return [{ path: file.path, format, onlyFlags: decodeFilter(log.filter, at) }]
  })
}

/** Operators that do not exist are told now, and not to every connection. */
function checkFormat(format: AccessLogConfig['format'], place: Place): void {
  const compiled = compileFormat(format, { hostname: '' })
  if ('faults' in compiled) for (const fault of compiled.faults) place.error(fault)
}

function decodeFilter(filter: AccessLogFilter | undefined, place: Place): readonly string[] {
  if (filter === undefined) return []
  if (filter.filterSpecifier.case === 'responseFlagFilter') return filter.filterSpecifier.value.flags
  place.at('filter').note('only response_flag_filter is supported: everything is logged')
  return []
}

function decodeFormat(file: FileAccessLog, place: Place): AccessLogConfig['format'] {
  const { accessLogFormat } = file
  switch (accessLogFormat.case) {
    case 'format':
      return text(accessLogFormat.value)
    case 'jsonFormat':
    case 'typedJsonFormat':
      return { kind: 'json', fields: accessLogFormat.value }
    case 'logFormat':
      return decodeLogFormat(accessLogFormat.value, place.at('log_format'))
    default:
      return text('')
  }
}

function decodeLogFormat({ format }: SubstitutionFormatString, place: Place): AccessLogConfig['format'] {
  if (format.case === 'jsonFormat') return { kind: 'json', fields: format.value }
  if (format.case === 'textFormat') return text(format.value)
  const source = format.case === 'textFormatSource' ? format.value.specifier : undefined
  if (source?.case === 'inlineString') return text(source.value)
  if (source?.case === 'inlineBytes') return text(new TextDecoder().decode(source.value))
  place.at('text_format_source').error('only inline_string and inline_bytes are supported')
  return text('')
}

function text(template: string): AccessLogConfig['format'] {
  return { kind: 'text', template: template === '' ? ENVOY_DEFAULT_TEXT : template }
}
