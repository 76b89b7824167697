/** Why bytes are not a message that we pass on. Codes follow Envoy's %RESPONSE_CODE_DETAILS% where it has a name for the case. */
export interface CodecFault {
  /** What a client is answered; for responses the status is 502 whatever stands here. */
  readonly status: 400 | 408 | 431
  readonly details: string
}

function fault(details: string, status: CodecFault['status'] = 400): CodecFault {
  return { status, details }
}

export const INVALID_REQUEST_LINE = fault('http1.invalid_request_line')
export const INVALID_STATUS_LINE = fault('http1.invalid_status_line')
export const INVALID_METHOD = fault('http1.invalid_method')
export const INVALID_TARGET = fault('http1.invalid_url')
export const INVALID_VERSION = fault('http1.invalid_version')
export const INVALID_FIELD = fault('http1.invalid_characters')
export const INVALID_HOST = fault('http1.invalid_host')
export const MISSING_HOST = fault('http1.missing_host')
export const DUPLICATE_HOST = fault('http1.duplicate_host')
export const INVALID_CONTENT_LENGTH = fault('http1.invalid_content_length')
export const INVALID_TRANSFER_ENCODING = fault('http1.invalid_transfer_encoding')
export const LENGTH_AND_CHUNKED = fault('http1.content_length_and_chunked_not_allowed')
export const INVALID_CHUNK = fault('http1.invalid_chunk')
export const CHUNK_EXTENSIONS_TOO_LARGE = fault('http1.chunk_extensions_too_large')
export const INCOMPLETE = fault('http1.incomplete_message')
export const HEAD_TIMEOUT = fault('request_header_timeout', 408)
export const HEADERS_TOO_LARGE = fault('request_headers_too_large', 431)
export const TOO_MANY_HEADERS = fault('http1.too_many_headers', 431)
