import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, small enough to be filled. */
export class SmallDisk {
  private constructor(
    readonly folder: string,
    readonly isMounted: boolean,
  ) {}

  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'tmpfs', folder]);
    return new SmallDisk(folder, status === 0);
  }

  unmount(): void {
    if (this.isMounted) spawnSync('umount', ['-l', this.folder]);
    rmdirSync(this.folder);
  }

  /** Leaves no room at all. @returns what gives it back. */
  async fill(): Promise<() => Promise<void>> {
    const path = join(this.folder, 'filler');
    const file = await open(path, 'w');
    const block = Buffer.alloc(65_536);
    try {
      while (statfsSync(this.folder).bavail > 0) await file.write(block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
    return () => rm(path);
  }
}

/** Only root may, and not in every container. */
export function canMount(): boolean {
  const disk = SmallDisk.mount(1);
  disk.unmount();
  return disk.isMounted;
}
