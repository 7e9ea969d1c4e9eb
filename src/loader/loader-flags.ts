/** Whether that version of Node has hooks that run in the importing thread: from 22.15 and 23.5. */
export function hooksExist(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 15);
}

/**
 * The flags that a process must be started with for `loadModule` to work in it.
 *
 * @param nodeVersion - Of the node to be started, as in `process.version`.
 */
export function loaderFlags(nodeVersion: string): string[] {
  return hooksExist(nodeVersion) ? [] : ["--experimental-vm-modules", "--experimental-import-meta-resolve"];
}
