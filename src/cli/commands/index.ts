import type { Command } from '../command';
import { describe } from './describe';
import { health } from './health';
import { route } from './route';
import { topologyShow } from './topology-show';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [topologyShow, describe, route, health];
