/** Makes test clusters in this process and prints the time and the CPU time of each in milliseconds: `node time-test-cluster.js COUNT`. */
import 'reflect-metadata';
import { createTestCluster } from 'typeorm-sharding/testing';
import { tenEntities } from './ten-entities';

async function main(count: number): Promise<void> {
  const entities = tenEntities();
  const times: { wall: number; cpu: number }[] = [];
  for (let call = 0; call < count; call += 1) {
    const [begun, used] = [performance.now(), process.cpuUsage()];
    const cluster = await createTestCluster({ entities, shards: 3 });
    const { user, system } = process.cpuUsage(used);
    times.push({ wall: performance.now() - begun, cpu: (user + system) / 1_000 });
    await cluster.destroy();
  }
  console.log(JSON.stringify(times));
}

void main(Number(process.argv[2]));
