/** Whether a service's host means this name: "*.x" is what lies below x, "*" everything. Both in lower case. */
export function hostCovers(host: string, name: string): boolean {
  return host.startsWith('*') ? name.length >= host.length && name.endsWith(host.slice(1)) : name === host
}
