import { coverage, coverageLines } from './coverage';

// npm run docs:coverage
const found = coverage();
for (const line of coverageLines(found)) console.log(line);
process.exitCode = found.uncovered.length === 0 ? 0 : 1;
