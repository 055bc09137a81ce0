import type { Command } from '../command';
import { audit } from './audit';
import { describe } from './describe';
import { health } from './health';
import { provision } from './provision';
import { reshardCancel } from './reshard-cancel';
import { reshardContinue, reshardPause } from './reshard-order';
import { reshardPlan } from './reshard-plan';
import { reshardResume } from './reshard-resume';
import { reshardReverse } from './reshard-reverse';
import { reshardStart } from './reshard-start';
import { reshardStatus } from './reshard-status';
import { route } from './route';
import { topologyShow } from './topology-show';
import { verify } from './verify';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  topologyShow,
  describe,
  route,
  health,
  provision,
  reshardPlan,
  reshardStart,
  reshardStatus,
  reshardPause,
  reshardContinue,
  reshardResume,
  reshardCancel,
  reshardReverse,
  verify,
  audit,
];
