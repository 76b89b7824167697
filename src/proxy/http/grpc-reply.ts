import { grpcMessage } from '#proxy/denial/refusal-bytes.ts'
import type { Fields } from './codec/fields.ts'
import type { LocalReply } from './local-reply.ts'

export function isGrpc(fields: Fields): boolean {
  const type = fields.get('content-type')
  return type !== undefined && (type === 'application/grpc' || type.startsWith('application/grpc+'))
}

/** HTTP status → gRPC status (grpc/doc/http-grpc-status-mapping.md). */
const GRPC_STATUS: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
])

/** An answer of ours as a gRPC client understands it: status 200, no body, the failure in fields. */
export function grpcReply(reply: LocalReply): LocalReply {
  const fields: (readonly [string, string])[] = [
    ['content-type', 'application/grpc'],
    ['grpc-status', String(GRPC_STATUS.get(reply.status) ?? 2)],
  ]
  if (reply.body !== '') fields.push(['grpc-message', grpcMessage(reply.body.trim())])
  const others = (reply.fields ?? []).filter(([name]) => name !== 'content-type')
  return { ...reply, status: 200, body: '', fields: [...fields, ...others] }
}
