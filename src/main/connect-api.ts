import { existsSync } from 'node:fs'
import { Fault } from '#base/fault.ts'
import type { ApiConnection, ApiFlags } from '#cli/api-connection.ts'
import { discover } from '#kube/client/discovery.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { type ApiAccess, kubeconfigPaths, loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { meshPlace } from './mesh-place.ts'
import { stateDirectory } from './state-directory.ts'

const NO_MESH = 'start a mesh with: postern up; or name a kubeconfig: --kubeconfig FILE, or $KUBECONFIG'

/** Where the embedded mesh writes the kubeconfig of its administrator, when one has. Throws a Fault otherwise. */
export function writtenMeshKubeconfig(state?: string): string {
  const { kubeconfig } = meshPlace(stateDirectory(state))
  if (existsSync(kubeconfig)) return kubeconfig
  throw new Fault('mesh/never-up', `no mesh has been started here: there is no "${kubeconfig}"`, { mend: NO_MESH })
}

/** The API server of `--kubeconfig`, else of `$KUBECONFIG`, else of the embedded mesh. Throws a Fault when there is none. */
export function connectApi(flags: ApiFlags): ApiConnection {
  const named = accessOf(flags)
  if (named !== undefined) return connected(new KubeClient(named))
  const own = loadKubeconfig({ paths: [writtenMeshKubeconfig()] }, flags.context)
  return connected(new KubeClient(own, { mend: 'the mesh may be down: postern up' }))
}

/** The same; undefined when nothing names a server and no mesh has been started. */
export function connectApiIfUp(flags: ApiFlags): ApiConnection | undefined {
  const named = accessOf(flags)
  return named === undefined && !existsSync(meshPlace(stateDirectory(undefined)).kubeconfig)
    ? undefined
    : connectApi(flags)
}

function accessOf({ kubeconfig, context }: ApiFlags): ApiAccess | undefined {
  const { KUBECONFIG = '' } = process.env
  const paths = kubeconfig !== undefined ? [kubeconfig] : kubeconfigPaths(KUBECONFIG)
  return paths.length === 0 ? undefined : loadKubeconfig({ paths }, context)
}

function connected(client: KubeClient): ApiConnection {
  return { client, discover: () => discover(client) }
}
