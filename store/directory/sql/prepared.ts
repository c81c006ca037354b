import type { CompiledQuery } from 'kysely';
import type { Database } from './dialect.ts';

/**
 * A query that is built once and then only bound: building costs more than running for the short reads of every send.
 * `build` gets a mark for each name, to use where the value goes.
 */
export function prepared<Row, Name extends string>(
  db: Database,
  names: readonly Name[],
  build: (marks: Record<Name, string>) => { compile(): CompiledQuery<Row> },
): (values: Readonly<Record<Name, string | number>>) => Promise<readonly Row[]> {
  const marks = Object.fromEntries(names.map((name) => [name, `:${name}`])) as Record<Name, string>;
  const compiled = build(marks).compile();
  const places = compiled.parameters.map((value) => names.find((name) => marks[name] === value));
  return async (values) => {
    const parameters = compiled.parameters.map((value, i) => {
      const name = places[i];
      return name === undefined ? value : values[name];
    });
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}
