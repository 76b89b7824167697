// Asks an echo service found through xDS (GRPC_XDS_BOOTSTRAP_CONFIG) again and again, and prints each answer. A process of its
// own: the xDS client of gRPC keeps its connections for as long as its process lives.
import * as grpc from '@grpc/grpc-js'
import { register } from '@grpc/grpc-js-xds'

const PAUSE_MS = 10
const DEADLINE_MS = 5_000

register()
const asIs = (bytes: Buffer) => bytes
const client = new grpc.Client('xds:///echo.example', grpc.credentials.createInsecure())

function ask(): void {
  const options = { deadline: Date.now() + DEADLINE_MS }
  client.makeUnaryRequest('/echo.Echo/Say', asIs, asIs, Buffer.alloc(0), options, (error, answer) => {
    console.log(error === null ? String(answer) : `error: ${error.message}`)
    setTimeout(ask, PAUSE_MS)
  })
}

ask()
