import type { ClusterCore } from '../../cluster';
import type { ShardingGroup } from '../../metadata';
import type { ReshardChange } from '../reshard-change';

/**
 * The groups that a change concerns: the one that it names; with another placement those that go by the cluster's own, or the only group
 * that there is; otherwise all.
 *
 * @returns a sentence that says why they cannot be told.
 */
export function changedGroups({ model, options }: ClusterCore, { group, placement }: ReshardChange): readonly ShardingGroup[] | string {
  const names = model.groups.map(({ name }) => name);
  if (group !== undefined) {
    const named = model.groups.filter(({ name }) => name === group);
    return named.length > 0 ? named : `There is no group "${group}". There are: ${names.join(', ')}.`;
  }
  if (!placement) return model.groups;
  const common = model.groups.filter((each) => each.placement === options.placement);
  const concerned = common.length > 0 ? common : model.groups;
  if (common.length > 0 || model.groups.length === 1) return concerned;
  return `Each group has a placement of its own. Say which group gets the new one, with { group }: ${names.join(', ')}.`;
}
