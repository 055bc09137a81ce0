import { spawnSync } from 'node:child_process';

/** A user of this machine. */
export interface SystemAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Chooses who runs a server: database servers refuse to run as root.
 *
 * @param preferred - the user that the system's own package runs the server as; `nobody` where it does not exist.
 * @returns undefined when this process is not root, so that the server runs as the current user.
 */
export function findSystemAccount(preferred: string): SystemAccount | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  for (const name of [preferred, 'nobody']) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) {
      return { uid, gid };
    }
  }
  throw new Error(`This process is root, database servers are not allowed to be, and there is neither a user ${preferred} nor nobody.`);
}

function idOf(option: '-u' | '-g', name: string): number | undefined {
  const { status, stdout } = spawnSync('id', [option, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}
