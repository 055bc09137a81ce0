/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/database/jest/environment.ts',
  globalSetup: '<rootDir>/test/database/jest/global-setup.ts',
  globalTeardown: '<rootDir>/test/database/jest/global-teardown.ts',
  reporters: ['default', '<rootDir>/test/database/jest/result-reporter.js'],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  moduleNameMapper: {
    '^typeorm-sharding$': '<rootDir>/src/index.ts',
    '^typeorm-sharding/(nestjs|testing)$': '<rootDir>/src/$1/index.ts',
    // What is compiled as ES modules too names its files with the ending that they will have.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json', diagnostics: false }] },
  setupFiles: ['reflect-metadata'],
  testSequencer: '<rootDir>/test/database/jest/longest-first.js',
  // More than processors of small machines: many tests wait for leases and graces to end.
  maxWorkers: 3,
  // Servers that are started and killed on a busy machine take longer than jest's five seconds.
  testTimeout: 60_000,
};
