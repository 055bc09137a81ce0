import { missingServersMessage, testsWithoutServers } from './installation';

describe('The message about missing servers', () => {
  it('says for all of them at once what to install', () => {
    expect(missingServersMessage(['mariadb', 'postgres'], { otherWays: testsWithoutServers })).toBe(
      [
        'This runs on real database servers, and this machine has no MariaDB (mariadbd, mariadb-install-db) and PostgreSQL (postgres, initdb). ' +
          'Install, then run the same command again:',
        '  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends mariadb-server postgresql',
        '  macOS:           brew install mariadb postgresql@17',
        `  Docker:          docker run --rm -v "$PWD":/source:ro node:20-bookworm sh -c 'cp -r /source /work && cd /work && npm ci && npm test'`,
        'To leave servers out on purpose, name what to run on: TEST_DATABASES=sqlite npm test (any of sqlite,mariadb,postgres).',
      ].join('\n'),
    );
  });

  it('names only what is missing, and why apt-get could not bring it; of tests nothing, which it may not be about', () => {
    const message = missingServersMessage(['postgres'], { failure: 'E: no network' });

    expect(message).not.toMatch(/MariaDB|mariadb-server|npm test/);
    expect(message).toMatch(/apt-get was tried and failed: E: no network$/);
  });
});
