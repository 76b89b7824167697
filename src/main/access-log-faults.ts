import type { MeshConfig } from '#api/mesh-config.ts'

/** What a sidecar would refuse of the access-log format that a mesh configuration asks for: the code that reads it there is asked. */
export async function accessLogFaults(config: MeshConfig): Promise<readonly string[]> {
  if (config.accessLogFormat === '') return []
  const [{ accessLogsOf }, { decodeAccessLogs }, { Place }] = await Promise.all([
    import('#control/translate/access-log.ts'),
    import('#proxy/config/decode-access-log.ts'),
    import('#proxy/config/place.ts'),
  ])
  const errors: string[] = []
  const { always } = accessLogsOf({ ...config, accessLogFile: '/dev/stdout' })
  decodeAccessLogs(always, new Place({ errors, notes: [] }, 'a sidecar refuses it'))
  return errors
}
