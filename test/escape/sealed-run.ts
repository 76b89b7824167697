import type { CapsuleOptions } from '#capsule/capsule.ts'
import { createCapsule } from '#capsule/create-capsule.ts'

/**
 * A run that allows nothing: a capsule whose connections are closed and whose DNS questions are refused. The command is
 * the arguments; ESCAPE_SHARE names a shared socket, ESCAPE_TASKS bounds the processes.
 */
const { ESCAPE_SHARE, ESCAPE_TASKS, ...env } = process.env
const options: CapsuleOptions = {
  command: process.argv.slice(2) as [string, ...string[]],
  env,
  cwd: '/',
  sharedSockets: ESCAPE_SHARE === undefined ? [] : [ESCAPE_SHARE],
}
const capsule = await createCapsule(
  ESCAPE_TASKS === undefined ? options : { ...options, taskLimit: Number(ESCAPE_TASKS) },
)
const { outbound, dnsTcp, dnsUdp } = capsule.sockets

for (const server of [...outbound, ...dnsTcp]) {
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    if (process.env.ESCAPE_HOLD === undefined) socket.end()
    socket.resume()
  })
}
for (const socket of dnsUdp) {
  socket.on('error', () => undefined)
  socket.on('message', (question, from) => socket.send(refusalOf(question), from.port, from.address))
}

/** The question with the response bit and the code REFUSED (RFC 1035, section 4.1.1). */
function refusalOf(question: Buffer): Buffer {
  const answer = Buffer.from(question)
  if (answer.length > 3) answer.writeUInt16BE(0x8005, 2)
  return answer
}

await capsule.start()
const exit = await capsule.exited
// The sockets are the receiver's to close.
for (const socket of [...outbound, ...dnsTcp, ...dnsUdp]) socket.close()
process.exitCode = exit.kind === 'code' ? exit.code : 99
