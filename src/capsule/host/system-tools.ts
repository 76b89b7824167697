import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemDirectories } from '#base/own-environment.ts'

/**
 * What is run with every right over the capsule while the program runs: found before, and by its path. By the user's PATH
 * a program would be asked that lies in a directory which is the program's to write (~/.local/bin).
 */
export const systemTools = { mount: systemTool('mount'), nft: systemTool('nft') }

/** Where the system has its own; else, on systems that are laid out in another way, where PATH leads now. */
function systemTool(name: string): string {
  const directories = [...systemDirectories, ...(process.env.PATH ?? '').split(':')]
  const places = directories.filter((directory) => directory.startsWith('/')).map((directory) => join(directory, name))
  const place = places.find((candidate) => existsSync(candidate)) ?? name
  // A link in a directory of the user's can be turned elsewhere; one of the system's may lead to a program of many names (busybox).
  return place === name || systemDirectories.includes(dirname(place)) ? place : realpathSync(place)
}
