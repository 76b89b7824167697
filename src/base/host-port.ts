/** "1.2.3.4:80", "[2001:db8::1]:80" or "name:80". */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
