/** What to type to go on with a move that this command has left. */
export function resumeLine({ dataSource }: Readonly<Record<string, unknown>>): string {
  const path = String(dataSource);
  const quoted = /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
  return `typeorm-sharding -d ${quoted} reshard resume`;
}
