import type { IncomingMessage } from 'node:http'
import type { Body } from '#apiserver/objects/decode-object.ts'
import { BODY_LIMITS } from '#apiserver/objects/json-text.ts'
import { decodeProtobuf, PROTOBUF_TYPE } from '#apiserver/protobuf/decode-protobuf.ts'
import { StatusError } from '#kube/status.ts'
import { badRequest, tooLarge } from '#kube/status-errors.ts'

/**
 * The whole body of a request; protobuf becomes JSON, which is what everything behind this reads. Throws a StatusError
 * `RequestEntityTooLarge` as soon as it is known to be larger than the limit, and `BadRequest` when it is no text or ends early.
 */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const bytes = await readBytes(request)
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (mediaType === PROTOBUF_TYPE) {
    return { text: bytes.length === 0 ? '' : JSON.stringify(decodeProtobuf(bytes)), mediaType: 'application/json' }
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), mediaType }
  } catch {
    throw badRequest('the body of the request is not UTF-8')
  }
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? '0')
  if (announced > BODY_LIMITS.bytes) throw tooLarge(`limit is ${BODY_LIMITS.bytes}`)
  const pieces: Buffer[] = []
  let total = 0
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      total += piece.length
      if (total > BODY_LIMITS.bytes) throw tooLarge(`limit is ${BODY_LIMITS.bytes}`)
      pieces.push(piece)
    }
  } catch (thrown) {
    // The client went away, or took too long: nobody hears the answer, and nothing is wrong here.
    throw thrown instanceof StatusError ? thrown : badRequest('the request ended before its body did')
  }
  return Buffer.concat(pieces)
}
