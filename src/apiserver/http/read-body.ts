import type { IncomingMessage } from 'node:http'
import type { Body } from '#apiserver/objects/decode-object.ts'
import { BODY_LIMITS } from '#apiserver/objects/json-text.ts'
import { decodeProtobuf, PROTOBUF_TYPE } from '#apiserver/protobuf/decode-protobuf.ts'
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

/** Listens, since an iterator costs as much as all the parsing of a small body. */
function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? '0')
  if (announced > BODY_LIMITS.bytes) throw tooLarge(`limit is ${BODY_LIMITS.bytes}`)
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let total = 0
    const take = (piece: Buffer) => {
      pieces.push(piece)
      total += piece.length
      if (total <= BODY_LIMITS.bytes) return
      // The rest is not read: the connection ends with the answer.
      request.off('data', take).pause()
      reject(tooLarge(`limit is ${BODY_LIMITS.bytes}`))
    }
    // The client went away, or took too long: nobody hears the answer, and nothing is wrong here.
    const broken = () => reject(badRequest('the request ended before its body did'))
    request.on('data', take)
    request.once('end', () => {
      request.off('close', broken)
      resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
    })
    request.on('error', broken)
    request.once('close', broken)
  })
}
