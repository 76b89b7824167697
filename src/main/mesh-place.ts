import { join } from 'node:path'
import { Fault } from '#base/fault.ts'

/** Where the parts of one mesh are, all below its state directory. */
export interface MeshPlace {
  readonly state: string
  /** For `KUBECONFIG`; holds the administrator's key. */
  readonly kubeconfig: string
  /** Where sidecars find the control plane. */
  readonly xds: string
  /** Where `postern status`, `down` and the like ask. */
  readonly admin: string
  readonly log: string
}

/** The longest path that a Unix socket can have. */
const SOCKET_PATH_BYTES = 107

/** Throws a Fault `mesh/state-path` when no socket fits below the directory. */
export function meshPlace(state: string): MeshPlace {
  const at = (name: string) => join(state, name)
  const place = {
    state,
    kubeconfig: at('kubeconfig'),
    xds: at('xds.sock'),
    admin: at('admin.sock'),
    log: at('mesh.log'),
  }
  if (Buffer.byteLength(place.admin) > SOCKET_PATH_BYTES) {
    throw new Fault('mesh/state-path', `the path of the state directory "${state}" is too long for sockets in it`, {
      mend: 'name a shorter one:  postern up --state DIR',
    })
  }
  return place
}
