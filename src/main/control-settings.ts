/** What the control process is started with: JSON in its first argument. */
export interface ControlSettings {
  /** Files and directories of configuration; none: the defaults, which deny everything. */
  readonly files: readonly string[]
  /** The Unix socket to serve xDS on. Its directory is the control process's: it makes it, and removes it when the run ends. */
  readonly socketPath: string
  /** What the command line says over the mesh configuration. */
  readonly overrides: MeshOverrides
}

export interface MeshOverrides {
  readonly policy: 'REGISTRY_ONLY' | 'ALLOW_ANY' | undefined
  readonly accessLogFile: string | undefined
  readonly accessLogEncoding: 'TEXT' | 'JSON' | undefined
}

/** What the control process tells the process that started it. */
export type ControlNews =
  /** The directory of the socket is there. */
  | { readonly kind: 'placed' }
  | { readonly kind: 'ready' }
  /** The configuration it was started with is unusable: it waits to be ended. */
  | { readonly kind: 'invalid'; readonly messages: readonly string[] }
  /** Something to tell the user: a warning, a broken file, a refused resource. Serving goes on. */
  | { readonly kind: 'notice'; readonly text: string }
