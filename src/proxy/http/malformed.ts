import type { Connection } from '#proxy/connection/connection.ts'
import { StreamInfo } from '#proxy/connection/stream-info.ts'
import type { CodecFault } from './codec/codec-fault.ts'
import type { ManagerEnv } from './http-proxy.ts'
import { STATUS_CODES } from './node-http.ts'

/**
 * Answers bytes that are no request, as Envoy does: the status, its phrase as body, and the connection closes.
 * Logged with the flag DPE
 */
export function refuseMalformed(env: ManagerEnv, connection: Connection, fault: CodecFault): void {
  const phrase = STATUS_CODES[fault.status] ?? ''
  const date = env.http.clock.text(Date.now())
  connection.gatherText(
    `HTTP/1.1 ${fault.status} ${phrase}\r\ncontent-length: ${phrase.length}\r\ncontent-type: text/plain\r\ndate: ${date}\r\nserver: envoy\r\nconnection: close\r\n\r\n${phrase}`,
  )
  const info = malformedInfo(connection.info)
  info.responseCode = fault.status
  info.responseCodeDetails = fault.details
  info.responseFlags.push('DPE')
  info.bytesSent = phrase.length
  info.endMs = performance.now()
  env.accessLog(info)
}

function malformedInfo(connection: StreamInfo): StreamInfo {
  const info = new StreamInfo(Date.now(), performance.now())
  info.downstreamRemote = connection.downstreamRemote
  info.downstreamLocal = connection.downstreamLocal
  info.protocol = 'HTTP/1.1'
  info.headers = { header: () => undefined, responseHeader: () => undefined }
  return info
}
