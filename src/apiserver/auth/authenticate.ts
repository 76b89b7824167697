import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { badRequest, forbidden } from '#kube/status-errors.ts'
import type { Credentials, IssuedCredential } from './credentials.ts'
import { ADMIN_GROUP, AUTHENTICATED_GROUP, type User } from './user.ts'

/** Who sends a request, and by which credentials. */
export interface Sender extends User {
  /** Id of the credentials. */
  readonly by: string
}

/**
 * Who sends a request: whom a client certificate was issued to, or a bearer token. Undefined when neither is there, or when what is there is not
 * accepted, or not any more: it is asked for every request, not for every connection.
 */
export function authenticate(request: IncomingMessage, credentials: Credentials): Sender | undefined {
  const issued = ofCertificate(request.socket as TLSSocket, credentials) ?? ofToken(request, credentials)
  return issued && { name: issued.name, groups: [...new Set([...issued.groups, AUTHENTICATED_GROUP])], by: issued.id }
}

/**
 * Whom a request acts for (`kubectl --as`): administrators may act for anybody, others for nobody. Throws a StatusError `Forbidden`.
 */
export function actingUser(user: User, request: IncomingMessage): User {
  if (!Object.keys(request.headers).some((name) => name.startsWith('impersonate-'))) return user
  const headers = request.headersDistinct
  const [name] = headers['impersonate-user'] ?? []
  if (name === undefined) throw badRequest('requested to act for groups, a uid or extra fields without a user')
  if (!user.groups.includes(ADMIN_GROUP)) {
    const attempt = { user: user.name, verb: 'impersonate', group: '', plural: 'users', name, namespace: '' }
    throw forbidden(attempt)
  }
  return { name, groups: [...new Set([...(headers['impersonate-group'] ?? []), AUTHENTICATED_GROUP])] }
}

/** The serial number of each connection's certificate: it is read once, which costs more than the rest of a small request. */
const serialsOfConnections = new WeakMap<TLSSocket, string | undefined>()

function ofCertificate(socket: TLSSocket, credentials: Credentials): IssuedCredential | undefined {
  if (!serialsOfConnections.has(socket)) serialsOfConnections.set(socket, serialOf(socket))
  const serial = serialsOfConnections.get(socket)
  return serial === undefined ? undefined : credentials.ofCertificate(serial)
}

/** Only of a certificate that the authority signed. */
function serialOf(socket: TLSSocket): string | undefined {
  return socket.authorized ? socket.getPeerCertificate().serialNumber : undefined
}

function ofToken(request: IncomingMessage, credentials: Credentials): IssuedCredential | undefined {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : credentials.ofToken(token)
}
