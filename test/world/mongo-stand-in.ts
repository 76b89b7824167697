import { createServer, type Socket } from 'node:net'
import { BSON, type Document } from 'mongodb'
import { listening } from './listening.ts'
import type { ArrivalLog } from './web-server.ts'

const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const MAX_MESSAGE_BYTES = 48_000_000

const HELLO = {
  isWritablePrimary: true,
  ismaster: true,
  helloOk: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: MAX_MESSAGE_BYTES,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  readOnly: false,
}

/**
 * A stand-in for a MongoDB server, no database: it speaks enough of the wire protocol for the real driver to say hello,
 * ping, insert and find (equality on top-level fields), and keeps documents in memory. It speaks second, as MongoDB does.
 */
export async function startMongoStandIn(address: string, port: number, log: ArrivalLog): Promise<void> {
  const collections = new Map<string, Document[]>()
  const server = createServer((socket) => {
    log(`tcp ${address}:${port}`)
    socket.on('error', () => socket.destroy())
    serve(socket, collections)
  })
  await listening(server, port, address)
}

function serve(socket: Socket, collections: Map<string, Document[]>): void {
  let held: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 16 && held.length >= held.readInt32LE(0)) {
      const length = held.readInt32LE(0)
      if (length < 16 || length > MAX_MESSAGE_BYTES) {
        socket.destroy()
        return
      }
      const reply = answer(held.subarray(0, length), collections)
      held = held.subarray(length)
      if (reply === undefined) socket.destroy()
      else socket.write(reply)
    }
  })
}

function answer(message: Buffer, collections: Map<string, Document[]>): Buffer | undefined {
  const requestId = message.readInt32LE(4)
  const opCode = message.readInt32LE(12)
  if (opCode === OP_QUERY) {
    const nameEnd = message.indexOf(0, 20)
    const command = BSON.deserialize(message.subarray(nameEnd + 9))
    const body = BSON.serialize(execute(command, collections))
    const header = Buffer.alloc(20)
    header.writeInt32LE(1, 16)
    return frame(OP_REPLY, requestId, Buffer.concat([header, body]))
  }
  if (opCode !== OP_MSG) return undefined
  const body = BSON.serialize(execute(commandOf(message), collections))
  return frame(OP_MSG, requestId, Buffer.concat([Buffer.alloc(5), body]))
}

/** Joins the sections of an OP_MSG: one body (kind 0), and document sequences (kind 1) as fields of it. */
function commandOf(message: Buffer): Document {
  const command: Document = {}
  let offset = 20
  while (offset < message.length) {
    const kind = message[offset]
    offset += 1
    const size = message.readInt32LE(offset)
    const section = message.subarray(offset, offset + size)
    if (kind === 0) Object.assign(command, BSON.deserialize(section))
    else Object.assign(command, sequenceOf(section))
    offset += size
  }
  return command
}

function sequenceOf(section: Buffer): Document {
  const nameEnd = section.indexOf(0, 4)
  const documents: Document[] = []
  let offset = nameEnd + 1
  while (offset < section.length) {
    const size = section.readInt32LE(offset)
    documents.push(BSON.deserialize(section.subarray(offset, offset + size)))
    offset += size
  }
  return { [section.toString('utf8', 4, nameEnd)]: documents }
}

function execute(command: Document, collections: Map<string, Document[]>): Document {
  const [verb = ''] = Object.keys(command)
  const collection = `${command.$db}.${command[verb]}`
  switch (verb) {
    case 'hello':
    case 'ismaster':
    case 'isMaster':
      return { ...HELLO, localTime: new Date(), ok: 1 }
    case 'ping':
    case 'endSessions':
      return { ok: 1 }
    case 'insert': {
      const documents = (command.documents ?? []) as Document[]
      collections.set(collection, [...(collections.get(collection) ?? []), ...documents])
      return { n: documents.length, ok: 1 }
    }
    case 'find': {
      const wanted = Object.entries((command.filter ?? {}) as Document)
      const found = (collections.get(collection) ?? []).filter((one) =>
        wanted.every(([key, value]) => one[key] === value),
      )
      return { cursor: { id: BSON.Long.ZERO, ns: collection, firstBatch: found }, ok: 1 }
    }
    default:
      return { ok: 0, errmsg: `no such command: '${verb}'`, code: 59, codeName: 'CommandNotFound' }
  }
}

function frame(opCode: number, responseTo: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16)
  header.writeInt32LE(16 + body.length, 0)
  header.writeInt32LE(responseTo, 8)
  header.writeInt32LE(opCode, 12)
  return Buffer.concat([header, body])
}
