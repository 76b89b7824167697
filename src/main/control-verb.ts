import type { Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { addControlVerb, type ControlOptions } from '#cli/control.ts'
import { KubeClient } from '#kube/client/kube-client.ts'
import { kubeconfigPaths, loadKubeconfig } from '#kube/client/kubeconfig.ts'
import { startControlPlane } from './control-plane.ts'
import { notice } from './notice.ts'

/** `postern control` */
export function addControl(program: Command): void {
  addControlVerb(program, serve)
}

async function serve({ kubeconfig = process.env.KUBECONFIG, listen }: ControlOptions): Promise<void> {
  if (kubeconfig === undefined || kubeconfig === '') {
    throw new Fault('control/no-kubeconfig', 'no API to follow: neither --kubeconfig nor KUBECONFIG is set', {
      mend: 'export KUBECONFIG=$(postern kubeconfig)',
    })
  }
  const client = new KubeClient(loadKubeconfig({ paths: kubeconfigPaths(kubeconfig) }))
  const control = await startControlPlane({ client, listen, onNotice: notice })
  notice(`serving xDS on ${'path' in listen ? listen.path : `${listen.host}:${control.port}`}`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
  await control.close()
  client.close()
}
