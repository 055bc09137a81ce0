/** Whether `import` and `require` in one process give the same library: the same exports, hence one registry of decorated classes. */
import { createRequire } from 'node:module';
import * as library from 'typeorm-sharding';

const imported = { ...library };
const required = createRequire(import.meta.url)('typeorm-sharding');

const differing = Object.keys({ ...required, ...imported }).filter((name) => required[name] !== imported[name]);
console.log(JSON.stringify({ exports: Object.keys(imported).length, differing }));
