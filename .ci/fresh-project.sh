#!/usr/bin/env bash
# Makes new projects with npm, on NestJS 11 and 12 as CommonJS and as ES modules, installs the packed library and what it needs there, and
# compiles and runs the tests' application in each. Needs the registry.
#
#   .ci/fresh-project.sh [11 commonjs]     # all four by default
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source_folder="$PWD/test/package/consumers/nest-app"
compiler_options='"target": "es2022", "strict": true, "experimentalDecorators": true, "emitDecoratorMetadata": true, "outDir": "out"'
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

npm pack --silent --pack-destination "$work" >/dev/null
tarball="$(echo "$work"/*.tgz)"

# fresh_project <major version of NestJS> <commonjs|module>
fresh_project() {
  local nest="$1" type="$2" modules=node16
  if [ "$nest" -ge 12 ]; then modules=nodenext; fi
  printf '\n=== NestJS %s, %s\n' "$nest" "$type"
  mkdir "$work/$nest-$type"
  cd "$work/$nest-$type"
  npm init --yes >/dev/null
  npm pkg set "type=$type"
  npm install --no-audit --no-fund "$tarball" typeorm@1 sql.js reflect-metadata rxjs class-validator class-transformer \
    "@nestjs/common@$nest" "@nestjs/core@$nest" "@nestjs/platform-express@$nest" "@nestjs/terminus@$nest" "@nestjs/typeorm@$nest"
  npm install --no-audit --no-fund --save-dev typescript@5.9 @types/node@20
  npm ls
  mkdir src
  cp "$source_folder"/{main,users}.ts src/
  printf '{ "compilerOptions": { %s, "module": "%s" }, "include": ["src"] }\n' "$compiler_options" "$modules" >tsconfig.json
  npx tsc
  node out/main.js
  npx typeorm-sharding --version
}

if [ $# -eq 2 ]; then
  (fresh_project "$1" "$2")
else
  for nest in 11 12; do
    for type in commonjs module; do (fresh_project "$nest" "$type"); done
  done
fi
